"""`oort tables upgrade --stage` on an emulator: what a deployed program has stored gets the form of the next program."""

from pathlib import Path

import pytest

from oort.cli.wiring import cloud, platforms
from oort.model.delivery.stages import Stage
from oort.model.items import Item
from oort.model.operations import PutItem
from oort.ports.tables import Tables
from tests.e2e.test_a_deployment_on_aws import oort

COUNT = 130  # more than a page of a scan
FIRST = """
import msgspec
from oort import Can, Get, Service, Table

shop = Service("shop")


class PriceV1(msgspec.Struct):
    id: str
    euros: int


# types


@shop.table("prices", key="id", upgrades=[])
class Prices(Table[str, PriceV1, Can]): ...


@shop.get("/{id}", public=True)
def read(id: str, prices: Prices[Get]) -> bool:
    return prices.get(id) is not None
"""
UPGRADE = """
class Price(msgspec.Struct):
    id: str
    cents: int


def in_cents(old: PriceV1) -> Price:
    if old.euros < 0:
        raise ValueError("a debt")
    return Price(old.id, old.euros * 100)
"""
SECOND = (
    FIRST.replace("# types", UPGRADE)
    .replace("upgrades=[]", "upgrades=[in_cents]")
    .replace("str, PriceV1", "str, Price")
)


@pytest.fixture
def where(emulator: str, tmp_path: Path) -> tuple[str, ...]:
    """A stage with old items, in which the next program is deployed."""
    (tmp_path / "oort.toml").write_text('name = "priced"\nservices = ["prices_on_aws"]\n')
    where = ("-C", str(tmp_path), "--stage", "up")
    write(tmp_path, FIRST)
    first = oort("deploy", *where)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "tables upgrade" not in first.stdout
    tables = stored(tmp_path)
    for number in range(COUNT):
        tables.put(PutItem("shop.prices", {"id": str(number), "euros": number}))
    write(tmp_path, SECOND)
    second = oort("deploy", *where)
    assert second.returncode == 0, second.stdout + second.stderr
    assert f"oort tables upgrade shop.prices --stage up -C {tmp_path}" in second.stdout
    return where


def write(folder: Path, source: str) -> None:
    (folder / "prices_on_aws.py").write_text(source)


def stored(folder: Path) -> Tables:
    """The tables of the stage."""
    _, program = platforms.load(folder)
    return cloud.Cloud(Stage("up")).tables(program.model)


def test_every_stored_item_of_a_stage_is_upgraded_once(
    where: tuple[str, ...], tmp_path: Path
) -> None:
    tables = stored(tmp_path)
    upgrade = ("tables", "upgrade", "shop.prices", *where)
    dry = oort(*upgrade, "--dry-run")
    assert dry.stdout == f"shop.prices: {COUNT} items of {COUNT} would be upgraded to revision 2.\n"
    assert tables.get("shop.prices", ("7",)) == {"id": "7", "euros": 7}

    debt: Item = {"id": "debt", "euros": -1}
    tables.put(PutItem("shop.prices", debt))
    done = oort(*upgrade)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "shop.prices debt: The upgrade in_cents failed" in done.stdout
    summary = f"{COUNT} items of {COUNT + 1} upgraded to revision 2, 1 failed.\n"
    assert done.stdout.endswith(summary)
    for number in (0, 7, COUNT - 1):
        upgraded = tables.get("shop.prices", (str(number),))
        assert upgraded == {"id": str(number), "cents": number * 100, "oort:revision": 2}
    assert tables.get("shop.prices", ("debt",)) == debt

    tables.put(PutItem("shop.prices", {"id": "debt", "euros": 1}))
    again = oort(*upgrade)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout == f"shop.prices: 1 item of {COUNT + 1} upgraded to revision 2.\n"
