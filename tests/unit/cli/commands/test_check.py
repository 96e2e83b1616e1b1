"""`oort check`: what it counts, and each mistake with its place."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.shops import run, shop


def test_check_counts_what_it_found_nothing_wrong_with(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "shop: 1 service, 9 functions, no mistakes.\n")


def test_check_as_json(tmp_path: Path) -> None:
    assert json.loads(run("check", shop(tmp_path), "--json").stdout) == {
        "ok": True, "services": 1, "functions": 9, "mistakes": []
    }  # fmt: skip


WRONG = """
from oort import Service
print("importing")
orders = Service("orders")

@orders.get("/{id}", public=True)
def read(number: int) -> str:
    return ""

@orders.get("/{name}", public=True)
def other(name: str) -> str:
    return ""
"""


def test_check_names_every_mistake_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop(tmp_path, WRONG)
    monkeypatch.chdir(tmp_path)
    result = run("check", folder)
    assert result.exit_code == 1
    assert (
        f"{folder.name}/orders.py:6: read: the handler has no parameter for {{id}} in the path."
        in result.stdout
    )
    assert "Add the parameter id: str. [route.path]" in result.stdout
    assert result.stdout.endswith("2 mistakes.\n")


def test_check_as_json_prints_nothing_but_json(tmp_path: Path) -> None:
    folder = shop(tmp_path, WRONG)
    result = run("check", folder, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["ok"], found["services"], found["functions"]) == (False, None, None)
    assert [sorted(one) for one in found["mistakes"]] == [
        ["code", "file", "instead", "line", "what"]
    ] * 2
    assert "importing" in result.stderr


def test_what_aws_has_no_form_for_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "oort.toml").write_text(
        'name = "clock"\nservices = ["oddly_timed"]\n', encoding="utf-8"
    )
    (tmp_path / "oddly_timed.py").write_text(
        "from datetime import timedelta\nfrom oort import Service\nodd = Service('odd')\n\n"
        "@odd.every(timedelta(seconds=90))\ndef tick() -> None: ...\n",
        encoding="utf-8",
    )
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "oddly_timed.py:5" in result.output
    assert "1 mistake." in result.output


def with_event(folder: Path, module: str, *, version: int) -> None:
    """A platform with one service, which publishes this version of an event."""
    (folder / "oort.toml").write_text(f'name = "late"\nservices = ["{module}"]\n', encoding="utf-8")
    (folder / f"{module}.py").write_text(
        "from oort import Event, Publish, Service, event\nshop = Service('shop')\n\n"
        f"@event('shop.sold', version={version}, key='id')\nclass Sold(Event):\n    id: str\n\n"
        "@shop.post('/', public=True)\ndef sell(out: Publish[Sold]) -> None: ...\n",
        encoding="utf-8",
    )


def test_an_event_that_begins_with_version_3_is_a_mistake_unless_an_older_one_is_locked(
    tmp_path: Path,
) -> None:
    with_event(tmp_path, "late_event", version=3)
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "late_event.py:4: shop.sold begins with version 3" in result.output
    assert "[event.first]" in result.output
    assert run("contracts", "lock", tmp_path).exit_code == 1
    with_event(tmp_path, "first_event", version=1)
    assert run("check", tmp_path).exit_code == 0
    assert run("contracts", "lock", tmp_path).exit_code == 0
    with_event(tmp_path, "late_event", version=3)
    assert run("check", tmp_path).exit_code == 0


def test_a_service_that_aws_would_refuse_for_its_size_is_a_mistake_in_its_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "oort.toml").write_text(
        'name = "wide"\nservices = ["wide_shop"]\n[stages.prod]\n[stages.test]\n', encoding="utf-8"
    )
    (tmp_path / "wide_shop.py").write_text(
        "from oort import Service\n\nshop = Service('shop')\nassets = Service('assets')\n\n\n"
        "def add(number: int) -> None:\n    def show() -> int: return number\n"
        "    show.__name__ = f'show_{number}'\n"
        "    shop.get(f'/{number}', public=True)(show)\n\n\nfor number in range(130):\n    add(number)\n",
        encoding="utf-8",
    )
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "wide_shop.py:3: The template of shop has" in result.output
    assert "CloudFormation takes 500" in result.output
    assert "wide_shop.py:4: The service assets has the name of another template." in result.output
    assert result.output.endswith("2 mistakes.\n")  # the same for both stages, and said once
