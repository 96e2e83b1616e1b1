"""`oort routes --openapi` and the pages of `oort dev` show one and the same document; a type without a schema stops neither start."""

import json
from pathlib import Path

from oort.app.declaring.services import Service
from oort.app.loading.loader import load
from oort.cli.dev import fixed_pages
from oort.cli.wiring import platforms
from tests.unit.cli.shops import run, shop


class Odd:
    """Unknown to msgspec."""


def test_routes_print_the_document_that_dev_serves(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    printed = run("routes", folder, "--openapi")
    _, program = platforms.load(folder)
    served = fixed_pages.of(program, place="", say=print)
    assert printed.exit_code == 0
    assert printed.stdout.encode() == served["/_oort/openapi.json"].body
    assert "/orders/{id}" in json.loads(printed.stdout)["paths"]
    assert served["/_oort/explorer"].content_type.startswith("text/html")


def test_two_forms_at_once_are_a_usage_error(tmp_path: Path) -> None:
    assert run("routes", shop(tmp_path), "--openapi", "--json").exit_code == 64


def test_a_type_without_a_schema_is_said_and_nothing_is_served() -> None:
    odd, said = Service("odd"), list[str]()

    @odd.get("/", public=True)
    def find() -> Odd:
        return Odd()

    assert fixed_pages.of(load([odd], checked=True), place="", say=said.append) == {}
    assert "odd.find: Odd has no JSON Schema." in said[0]
