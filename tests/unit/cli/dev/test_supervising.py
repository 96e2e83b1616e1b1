"""Messages to systemd: sent to a socket if there is one, and never waited for."""

import socket
from pathlib import Path

import pytest

from oort.cli.dev.supervising import READY, notify


@pytest.mark.parametrize("is_abstract", [False, True])
def test_a_supervisor_hears_that_the_platform_is_ready(tmp_path: Path, is_abstract: bool) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"\0{path}" if is_abstract else path)
        assert notify(READY, {"NOTIFY_SOCKET": f"@{path}" if is_abstract else path})
        assert supervisor.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/socket"])
def test_without_a_supervisor_nothing_happens(address: str) -> None:
    assert not notify(READY, {"NOTIFY_SOCKET": address})
    assert not notify(READY, {})
