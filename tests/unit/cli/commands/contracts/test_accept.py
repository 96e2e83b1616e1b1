"""`oort contracts accept`: a deliberate break has a reason that is kept, and opens the gate for nothing else."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.shops import edited, run, shop

API = "contracts/orders/openapi.json"
TABLE = "contracts/orders/tables/book.json"
WEIGHT = ("    weight: int", "    weight: str")
NO_TABLE_KEY = ('@orders.table("book", key="id")', '@orders.table("book", key="email")')
RENAMED = ('@orders.table("book", key="id")', '@orders.table("books", key="id")')


def published(tmp_path: Path) -> Path:
    """A platform whose contracts are published."""
    folder = shop(tmp_path)
    assert run("contracts", "lock", folder, "--publish", "prod").exit_code == 0
    return folder


def accepted(folder: Path, *words: str) -> tuple[int, str]:
    result = run("contracts", "accept", *words, "-C", folder)
    return result.exit_code, result.stdout + result.stderr


def routes(folder: Path) -> list[str]:
    """The routes with objections."""
    found = json.loads(run("contracts", "check", folder, "--json").stdout)
    return sorted({each["route"] for each in found if each["weight"] == "objection"})


def test_a_break_of_a_route_is_accepted_with_its_reason(tmp_path: Path) -> None:
    folder = edited(published(tmp_path), ("status=201", "status=202"))
    (route,) = routes(folder)
    code, said = accepted(folder, "orders", "--route", route, "--reason", " Nobody reads it. ")
    assert code == 0, said
    lock = json.loads((folder / API).read_text())
    assert lock["accepted"] == [
        {"reason": "Nobody reads it.", "codes": ["status"], "stages": ["prod"], "route": route}
    ]
    assert run("contracts", "check", folder, "--locked").exit_code == 0
    again = edited(folder, ("status=202", "status=200"))
    assert routes(again) == [route]
    run("contracts", "lock", folder, "--publish", "prod")
    (kept,) = json.loads((folder / API).read_text())["accepted"]
    assert (kept["reason"], kept["stages"]) == ("Nobody reads it.", [])


def test_another_break_of_the_service_is_not_accepted_by_the_way(tmp_path: Path) -> None:
    before = published(tmp_path)
    folder = edited(before, ("status=201", "status=202"), ('"/{id}", public=True', '"/{id}"'))
    first, *others = routes(folder)
    assert others
    code, said = accepted(folder, "orders", "--route", first, "--reason", "x")
    assert code == 1
    assert "These objections are left" in said
    assert others[0] in said
    assert (folder / API).read_bytes() == (before / API).read_bytes()
    words = [word for route in routes(folder) for word in ("--route", route)]
    assert accepted(folder, "orders", *words, "--reason", "x")[0] == 0
    assert routes(folder) == []


@pytest.mark.parametrize("edit", [WEIGHT, NO_TABLE_KEY, RENAMED])
def test_a_break_of_stored_data_is_accepted(tmp_path: Path, edit: tuple[str, str]) -> None:
    folder = edited(published(tmp_path), edit)
    found = json.loads(run("contracts", "check", folder, "--json").stdout)
    objections = [each for each in found if each["weight"] == "objection"]
    (subject,) = {each.get("table") or each.get("queue") for each in objections}
    assert accepted(folder, subject, "--reason", "It is empty everywhere.")[0] == 0
    run("contracts", "lock", folder)
    checked = run("contracts", "check", folder, "--locked")
    assert checked.exit_code == 0, checked.stdout


def test_a_table_that_comes_back_is_judged_again(tmp_path: Path) -> None:
    first = published(tmp_path)
    gone = edited(first, RENAMED)
    assert accepted(gone, "orders.book", "--reason", "Copied to books.")[0] == 0
    assert run("contracts", "check", gone).exit_code == 0
    back = edited(
        gone,
        ('"books"', '"book"'),
        ('    email: str\n    note: str = ""\n\n\nclass New', "    mail: str\n\n\nclass New"),
    )
    assert "table orders.book" in run("contracts", "check", back).stdout


def test_a_change_of_an_event_is_not_accepted(tmp_path: Path) -> None:
    folder = edited(
        published(tmp_path),
        ('    order_id: str\n    note: str = ""\n', "    order_id: str\n    note: int = 0\n"),
    )
    code, said = accepted(folder, "orders.placed", "--reason", "x")
    assert code == 1
    assert "An event changes by a new version" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("orders", "--reason", "x"), "There is no objection to orders."),
        (("nobody.knows", "--reason", "x"), "There is no objection to nobody.knows."),
        (("orders", "--route", "GET /", "--reason", "x"), "no objection to GET / of orders"),
        (("orders", "--reason", "  "), "--reason is empty"),
        (("orders",), "Missing option '--reason'"),
    ],
)
def test_nothing_is_accepted_without_an_objection_and_a_reason(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    code, said = accepted(published(tmp_path), *words)
    assert code == 64
    assert says in said
