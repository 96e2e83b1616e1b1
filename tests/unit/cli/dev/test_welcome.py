"""The commands that a new platform suggests."""

import shlex
import stat
from datetime import date
from pathlib import Path

from oort.cli.dev import welcome
from oort.cli.wiring import embedded, platforms
from tests.unit.cli.shops import shop


def suggested(folder: Path) -> list[list[str]]:
    _, program = platforms.load(folder)
    address = welcome.Address("http://127.0.0.1:8000", Path("/state/support.curl"))
    return [
        shlex.split(one)
        for one in welcome.commands(program, address, tag="t1", today=date(2026, 1, 31))
    ]


def test_the_first_command_creates_and_the_others_show(tmp_path: Path) -> None:
    place, mine, everything, of_day = suggested(shop(tmp_path))
    assert place == [
        "curl", "-sS", "-w", r"\n", "http://127.0.0.1:8000/orders", "-H", "content-type: application/json",
        "-d", '{"email":"ada+t1@example.com","note":""}',
    ]  # fmt: skip
    assert mine == [
        "curl",
        "-sS",
        "-w",
        r"\n",
        "-K",
        "/state/support.curl",
        "http://127.0.0.1:8000/orders",
    ]
    assert everything[-3:] == [
        "http://127.0.0.1:8000/orders/all?country=example",
        "-H",
        "x-trace: example",
    ]
    assert of_day[-1] == "http://127.0.0.1:8000/orders/of/2026-01-31"


ODD = """
from typing import Annotated
import msgspec
from msgspec import Meta
from oort import Service
odd = Service("odd")
class Thing(msgspec.Struct):
    code: Annotated[str, Meta(pattern="^(?=a)b$")]
@odd.post("/", public=True)
def make(body: Thing) -> None: ...
@odd.post("/{id}", public=True)
def remake(id: str, body: dict[str, int]) -> None: ...
@odd.get("/", public=True)
def listed(ids: list[int], flag: bool) -> None: ...
"""


def test_a_route_without_an_example_is_not_suggested(tmp_path: Path) -> None:
    assert [one[-1] for one in suggested(shop(tmp_path, ODD))] == [
        "http://127.0.0.1:8000/odd?ids=1&flag=true"
    ]


def test_the_developer_is_in_every_group_that_a_route_names(tmp_path: Path) -> None:
    _, program = platforms.load(shop(tmp_path))
    assert welcome.groups(program) == frozenset({"staff"})


def test_credentials_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "support.curl"
    file.write_text("older and longer than what follows" * 9)
    file.chmod(0o644)
    embedded.write_private(file, welcome.credentials("abc"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == 'header = "authorization: Bearer abc"\n'
