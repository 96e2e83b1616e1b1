"""How the process ends: exit codes, defects in one sentence, and a reader that left."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from oort import cli
from oort.cli import errors
from oort.model.errors import StateLost, StateUnusable
from tests.unit.cli.shops import run, shop


def test_a_defect_of_oort_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.guarded(broken, debug=False) == 70
    assert capsys.readouterr().err == (
        "Error: KeyError: 'x'. This is a defect of Oort; run again with --debug for the traceback.\n"
    )


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.guarded(broken, debug=True) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (StateUnusable("It is full.", "Empty it."), 1, "Error: It is full. Empty it.\n"),
        (StateLost("It is gone.", "Restore it."), 74, "Error: It is gone. Restore it.\n"),
        (click.exceptions.Abort(), 130, "Interrupted.\n"),
    ],
)
def test_other_ends_have_their_codes(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, says: str
) -> None:
    assert errors.explain(error) == code
    assert capsys.readouterr().err == says


def test_the_entry_point_reads_the_words_of_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/oort", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 64


def test_a_terminal_that_is_not_utf_8_is_no_error(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path": {"id": "1"}}')
    trace = json.loads(run("traces", folder, "--json").stdout)[0]["trace"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    words = [
        sys.executable,
        "-c",
        "import oort.cli; oort.cli.main()",
        "trace",
        trace,
        "-C",
        str(folder),
    ]
    done = subprocess.run(words, capture_output=True, check=True, env=environment)
    assert b"? orders.forget" in done.stdout


def test_a_reader_that_left_is_told_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-c", "import oort.cli; oort.cli.main()", "graph", str(shop(tmp_path))]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_windows_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "name", "nt")
    try:
        code = errors.guarded(broken, debug=False)
    finally:
        monkeypatch.undo()
    assert code == 64
    assert "WSL2" in capsys.readouterr().err


def broken() -> None:
    raise KeyError("x")


def test_a_missing_extra_for_aws_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.explain(ModuleNotFoundError("No module", name="botocore")) == errors.USAGE
    assert 'pip install "oortcloud[aws]"' in capsys.readouterr().err
