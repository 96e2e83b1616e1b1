"""docs/how-to/run-on-one-machine.md: its commands run, its unit starts and stops the platform, its files are accepted."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from oort.cli.commands.serve import serve
from tests.unit.cli.served import PATIENCE
from tests.unit.cli.shops import run, shop

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "run-on-one-machine.md"
TEXT = PAGE.read_text(encoding="utf-8")
OORT = [sys.executable, "-c", "import oort.cli; oort.cli.main()"]


def blocks(language: str) -> list[str]:
    """The code blocks of the page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def units() -> dict[str, str]:
    """The units of the page by their names."""
    names = re.findall(r"/etc/systemd/system/(shop[a-z-]*\.[a-z]+)", TEXT)
    return dict(zip(names, blocks("ini"), strict=True))


class Machine:
    """Folders that stand for those of the page."""

    def __init__(self, root: Path) -> None:
        self.app = shop(root)
        self.places = {
            "/srv/shop/app": str(self.app),
            "/var/lib/shop/state": str(root / "state"),
            "/mnt/backup": str(root / "backup"),
        }

    def words(self, command: str) -> list[str]:
        """The words of a command, with these folders."""
        for place, folder in self.places.items():
            command = command.replace(place, folder)
        return shlex.split(command)


def command_of(unit: str) -> str:
    """The command that a unit starts, without its program."""
    (line,) = re.findall(r"^ExecStart=/srv/shop/\.venv/bin/oort (.*)$", unit, re.MULTILINE)
    return str(line)


@pytest.mark.slow
def test_the_commands_run_and_the_unit_starts_and_stops_the_platform(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    commands = [line[7:] for block in blocks("console") for line in block.splitlines()]
    assert {line[:7] for block in blocks("console") for line in block.splitlines()} == {"$ oort "}
    unit = units()["shop.service"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(PATIENCE)
        words = [*OORT, *machine.words(command_of(unit)), "--port", "0"]
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        process = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)
        try:
            assert supervisor.recv(100) == b"READY=1"
            backup = machine.words(command_of(units()["shop-backup.service"]))
            assert run(*backup).exit_code == 0
            process.send_signal(signal.SIGTERM)
            assert supervisor.recv(100) == b"STOPPING=1"
            assert process.communicate(timeout=PATIENCE)[0]
            assert process.returncode == 0
        finally:
            process.kill()
            process.wait()
    names: list[str] = []
    for command in commands:
        words = machine.words(command)
        if words[0] == "serve":
            continue  # as above
        done = run(*[word.replace("NAME", names[0]) if names else word for word in words])
        assert done.exit_code == 0, done.output
        listed = json.loads(
            run("state", "list", machine.places["/mnt/backup"], "-C", machine.app, "--json").stdout
        )
        names = [saved["name"] for saved in listed]
    assert names


def test_the_container_starts_the_platform_with_options_that_exist() -> None:
    (text,) = blocks("dockerfile")
    (line,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    program, command, *words = json.loads(line)
    assert (program, command) == ("oort", "serve")
    # The command keeps the names of its help option, which `oort` sets, for its later contexts.
    context = serve.make_context("serve", words, help_option_names=["-h", "--help"])
    assert context.params["behind_proxy"]
    assert str(context.params["state"]).startswith("/state/")
    (check,) = re.findall(r"^    CMD (\[.*\])$", text, re.MULTILINE)
    compile(json.loads(check)[2], "the health check", "exec")


def test_the_time_for_the_end_fits() -> None:
    unit = units()["shop.service"]
    (notice,) = re.findall(r"--notice (\d+)s", unit)
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)s$", unit, re.MULTILINE)
    assert int(notice) + 32 < int(stop)  # the default time-out, and two seconds


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for name, unit in units().items():
        text = unit.replace("/srv/shop/.venv/bin/oort", "/bin/true")
        (tmp_path / name).write_text(text.replace("RequiresMountsFor=/mnt/backup\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("shop*")))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    about_ours = [line for line in done.stderr.splitlines() if "shop" in line]
    assert about_ours == []
