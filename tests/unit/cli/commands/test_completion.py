"""Completion: the scripts that shells load, and the words they are given."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.shops import run, shop

OORT = [sys.executable, "-c", "import oort.cli; oort.cli.main()"]


def completed(words: str) -> list[str]:
    """What a shell is told when the last of the words is to be completed."""
    asked = {
        "_OORT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        OORT, env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_oort(shell: str) -> None:
    result = run("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"_OORT_COMPLETE={shell}_complete" in result.stdout


def test_bash_can_read_its_script() -> None:
    script = run("completion", "bash").stdout
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_a_usage_error() -> None:
    assert run("completion", "powershell").exit_code == 64


def test_commands_options_functions_and_queues_are_completed(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert completed("oort que") == ["queues"]
    assert "--inline" in completed("oort dev --in")
    assert completed(f"oort invoke -C {folder} orders.p") == ["orders.place", "orders.pack"]
    assert completed(f"oort queues peek -C {folder} orders.par") == ["orders.parcels"]


def test_a_platform_that_cannot_be_loaded_has_no_names(tmp_path: Path) -> None:
    assert completed(f"oort invoke -C {tmp_path} o") == []
    assert completed(f"oort invoke -C {shop(tmp_path, 'import sys; sys.exit(1)')} o") == []
