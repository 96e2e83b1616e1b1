"""`oort tables upgrade`: all stored items, or those that can be."""

from pathlib import Path

import pytest

from oort.cli.wiring import embedded, platforms
from oort.model.operations import PutItem
from tests.unit.cli.shops import run, shop

SOURCE = """
import msgspec
from oort import Can, Scan, Service, Table

orders = Service("orders")


class PriceV1(msgspec.Struct):
    id: str
    euros: int


class Price(msgspec.Struct):
    id: str
    cents: int


def in_cents(old: PriceV1) -> Price:
    if old.euros > 99:
        raise ValueError("too dear\\nfor us")
    return Price(old.id, old.euros * 100)


@orders.table("prices", key="id", upgrades=[in_cents])
class Prices(Table[str, Price, Can]): ...


@orders.table("plain", key="id")
class Plain(Table[str, Price, Can]): ...


@orders.get("/")
def read(prices: Prices[Scan]) -> list[Price]:
    return prices.scan().items
"""


def filled(tmp_path: Path, *euros: int) -> Path:
    """A platform with old items."""
    folder = shop(tmp_path, SOURCE)
    project, program = platforms.load(folder)
    with embedded.invocable(program, platforms.state_folder(project, None)) as (engine, _):
        for number, price in enumerate(euros):
            item = {"id": str(number), "euros": price}
            engine.ports.tables.put(PutItem("orders.prices", item))  # type: ignore[arg-type]
    return folder


def stored(folder: Path) -> list[object]:
    project, program = platforms.load(folder)
    with embedded.at_rest(program, platforms.state_folder(project, None)) as engine:
        return [engine.ports.tables.get("orders.prices", (str(number),)) for number in range(2)]


NEW = [
    {"id": "0", "cents": 100, "oort:revision": 2},
    {"id": "1", "cents": 200, "oort:revision": 2},
]


@pytest.mark.parametrize("words", [[], ["orders.prices"]])
def test_every_old_item_is_upgraded_once(tmp_path: Path, words: list[str]) -> None:
    folder = filled(tmp_path, 1, 2)
    dry = run("tables", "upgrade", *words, "-C", folder, "--dry-run")
    assert dry.stdout == "orders.prices: 2 items of 2 would be upgraded to revision 2.\n"
    assert stored(folder) == [{"id": "0", "euros": 1}, {"id": "1", "euros": 2}]
    done = run("tables", "upgrade", *words, "-C", folder)
    assert (done.exit_code, done.stdout) == (
        0,
        "orders.prices: 2 items of 2 upgraded to revision 2.\n",
    )
    assert stored(folder) == NEW
    again = run("tables", "upgrade", *words, "-C", folder)
    assert again.stdout == "orders.prices: 0 items of 2 upgraded to revision 2.\n"


def test_an_item_that_cannot_be_upgraded_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = filled(tmp_path, 100, 2)
    done = run("tables", "upgrade", "-C", folder)
    assert done.exit_code == 1
    said = "orders.prices 0: The upgrade in_cents failed for the item 0 of orders.prices: "
    assert f"{said}ValueError: too dear for us. Mend the upgrade." in done.stdout
    assert "1 item of 2 upgraded to revision 2, 1 failed." in done.stdout
    assert stored(folder) == [{"id": "0", "euros": 100}, NEW[1]]


def test_a_table_without_upgrades_has_nothing_to_do(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    assert (
        run("tables", "upgrade", "orders.plain", "-C", folder).stdout
        == "No upgrades are declared.\n"
    )


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    result = run("tables", "upgrade", "orders.nothing", "-C", filled(tmp_path))
    assert result.exit_code == 64
    assert "The tables of the platform: orders.prices, orders.plain." in result.stderr
