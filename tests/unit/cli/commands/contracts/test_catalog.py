"""`oort contracts catalog`: what it writes, where it refuses to, and what it takes away of an earlier time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.shops import run
from tests.unit.contracted import platform

COMETBID = "apps/cometbid"
EVENTS = ("accounts.closed", "accounts.email-changed", "accounts.signed-up")
SERVICES = ("accounts", "analytics", "email", "onboarding")


def files(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def test_a_site_is_written(tmp_path: Path) -> None:
    result = run("contracts", "catalog", COMETBID, "--out", tmp_path / "site")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("8 pages in ")
    assert result.stdout.endswith("; begin at index.html.\n")
    found = files(tmp_path / "site")
    expected = {
        "index",
        *(f"events/{one}" for one in EVENTS),
        *(f"services/{one}" for one in SERVICES),
    }
    assert set(found) == {f"{one}.html" for one in expected}
    assert b'href="events/accounts.signed-up.html"' in found["index.html"]
    assert b'href="../events/accounts.signed-up.html#v1"' in found["services/accounts.html"]


def test_markdown_is_written(tmp_path: Path) -> None:
    assert (
        run("contracts", "catalog", COMETBID, "--out", tmp_path, "--format", "markdown").exit_code
        == 0
    )
    found = files(tmp_path)
    assert len(found) == 8
    assert "| `email` | text | yes |  |  |" in found["events/accounts.signed-up.md"].decode()
    assert (
        "[`email.welcome`](../services/email.md#email.welcome)"
        in found["events/accounts.signed-up.md"].decode()
    )


def test_a_catalogue_is_brought_up_to_date_and_other_files_stay(tmp_path: Path) -> None:
    site = tmp_path / "site"
    run("contracts", "catalog", platform(tmp_path), "--out", site)
    assert (site / "events" / "orders.placed.html").exists()
    (site / "CNAME").write_text("events.example.com")
    (site / "events" / "notes.html").write_text("mine")
    result = run("contracts", "catalog", COMETBID, "--out", site)
    assert result.exit_code == 0, result.output
    assert (site / "CNAME").read_text() == "events.example.com"
    assert (site / "events" / "notes.html").read_text() == "mine"
    assert not (site / "events" / "orders.placed.html").exists()
    assert len(files(site)) == 10


def test_another_form_takes_the_place_of_the_first(tmp_path: Path) -> None:
    for form in ("html", "markdown"):
        assert (
            run("contracts", "catalog", COMETBID, "--out", tmp_path, "--format", form).exit_code
            == 0
        )
    assert {Path(name).suffix for name in files(tmp_path)} == {".md"}


@pytest.mark.parametrize("name", ["notes.txt", "index.html", "events"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = run("contracts", "catalog", COMETBID, "--out", tmp_path)
    assert result.exit_code == 64
    assert "holds other files than a catalogue" in result.stderr
    assert files(tmp_path) == {name: b"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    for out in ("site", "site/inside"):
        assert run("contracts", "catalog", COMETBID, "--out", tmp_path / out).exit_code == 64
    assert files(tmp_path) == {"site": b"mine"}


def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    site = tmp_path / "site"
    run("contracts", "catalog", COMETBID, "--out", site)
    (site / "events" / "accounts.closed.html").unlink()
    (site / "events" / "accounts.closed.html").mkdir()
    result = run("contracts", "catalog", COMETBID, "--out", site)
    assert result.exit_code == 64
    assert "cannot be written: Is a directory." in result.stderr


def test_a_folder_is_asked_for() -> None:
    result = run("contracts", "catalog", COMETBID)
    assert result.exit_code == 64
    assert "--out" in result.stderr


def test_every_process_writes_the_same_bytes(tmp_path: Path) -> None:
    source = platform(tmp_path)
    for seed in ("1", "2"):
        for form in ("html", "markdown"):
            out = tmp_path / f"{form}{seed}"
            command = [
                sys.executable,
                "-m",
                "oort.cli",
                "contracts",
                "catalog",
                str(source),
                "--out",
                str(out),
            ]
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            subprocess.run(
                [*command, "--format", form],
                env=environment,
                cwd="/",
                capture_output=True,
                check=True,
            )
    assert files(tmp_path / "html1") == files(tmp_path / "html2")
    assert files(tmp_path / "markdown1") == files(tmp_path / "markdown2")
