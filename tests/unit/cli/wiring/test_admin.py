"""Orders that are no orders, and a folder whose path is too long for a socket."""

import asyncio
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from oort.cli.wiring import admin
from oort.cli.wiring.admin import Admin, Refused, RemoveVersion, ShowVersions
from oort.engine.versions.live import LiveVersions, VersionState
from oort.model.errors import NotFoundHere

STATE = VersionState("main", "/a", {"shop": 100})


def remove(name: str) -> None:
    """Know no version."""
    raise NotFoundHere(f"There is no version {name}.", "There are: main.")


VERSIONS = cast(LiveVersions, SimpleNamespace(states=lambda: [STATE], remove=remove))


@pytest.mark.parametrize("line", [b"", b"{}\n", b"[1]", b"\xff", b'{"type":"Shout"}'])
def test_what_is_no_order_is_refused(tmp_path: Path, line: bytes) -> None:
    answer = Admin(tmp_path, VERSIONS).obey(line)
    assert isinstance(answer, Refused)
    assert "is not understood" in answer.what


def test_orders_are_answered_in_a_deep_folder_after_a_crash_before(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as left, admin._short(folder / admin.FILE) as path:
        left.bind(path)
    platform = Admin(folder, VERSIONS)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(_begun(platform), loop).result(10)
        assert (folder / admin.FILE).stat().st_mode & 0o777 == 0o600
        assert admin.ask(folder, ShowVersions()) == (STATE,)
        with pytest.raises(NotFoundHere, match="There is no version x"):
            admin.ask(folder, RemoveVersion("x"))
        platform.end()
        assert not (folder / admin.FILE).exists()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def _begun(platform: Admin) -> None:
    platform.begin()
