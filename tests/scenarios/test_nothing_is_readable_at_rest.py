"""P28, on one machine: everything under `.oort/` is encrypted, also after a crash; without its key it stays closed and whole."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oort.engine.store.direct import DirectStore
from tests.crash.client import pages
from tests.crash.processes import Process, free_port
from tests.crash.trial import support_token

DEV = ["-c", "from oort.cli import main; main()", "dev", "apps/cometbid", "--no-throttle"]
KEYS = ["-c", "from oort.cli import main; main()", "keys", "rotate", "apps/cometbid"]
CANARY = "canary-7f3a91"
pytestmark = pytest.mark.serial


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> Iterator[Path]:
    """A configuration folder of the test's own; the folder in it that holds keys."""
    before = os.environ["XDG_CONFIG_HOME"]
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    yield tmp_path / "config" / "oort" / "keys"
    os.environ["XDG_CONFIG_HOME"] = before


def start(folder: Path) -> Process:
    """The reference platform on the folder's state."""
    return Process(DEV, port=free_port(), state=folder / "state")


def sign_up(process: Process, name: str) -> int:
    """The status of one sign-up whose e-mail address holds the canary."""
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=30)
    body = json.dumps({"email": f"{CANARY}-{name}@example.com", "country": "NO"})
    connection.request("POST", "/accounts", body, {"content-type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def readable(folder: Path) -> list[str]:
    """The files under the state folder in which the canary can be read."""
    files = [path for path in (folder / "state").rglob("*") if path.is_file()]
    assert "oort.db" in {path.name for path in files}
    return [path.name for path in files if CANARY.encode() in path.read_bytes()]


def refused(folder: Path) -> str:
    """What `oort dev` says when it does not start; its exit code is 1 and there is no traceback."""
    command = [sys.executable, *DEV, "--state", str(folder / "state"), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    return done.stderr


def rotate(folder: Path) -> None:
    """`oort keys rotate`."""
    command = [sys.executable, *KEYS, "--state", str(folder / "state")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def accounts(process: Process, folder: Path) -> set[str]:
    """The e-mail addresses that have an account."""
    return {
        str(one["email"])
        for one in pages(process.port, "/accounts", support_token(folder / "state"))
    }


def test_no_file_shows_what_was_stored_while_it_runs_after_a_crash_and_after_a_stop(
    tmp_path: Path,
) -> None:
    with start(tmp_path) as process:
        assert sign_up(process, "one") == 201
        assert readable(tmp_path) == []
        process.kill()
        assert readable(tmp_path) == []
    with start(tmp_path) as process:
        assert len(accounts(process, tmp_path)) == 1
        assert process.stop() == 0
        assert readable(tmp_path) == []


def test_the_search_finds_what_is_not_encrypted(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    store = DirectStore(tmp_path / "state" / "oort.db")
    store.write(
        lambda session: session.run(
            "INSERT INTO segments(trace, spans) VALUES(?, ?)", "t", CANARY.encode()
        )
    )
    assert readable(tmp_path) != []  # the control: without a key the canary is there
    store.close()


def test_a_store_of_an_older_version_is_encrypted_at_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    store = DirectStore(tmp_path / "state" / "oort.db")
    store.write(
        lambda session: session.run(
            "INSERT INTO segments(trace, spans) VALUES(?, ?)", "t", CANARY.encode()
        )
    )
    store.close()
    with start(tmp_path) as process:
        assert sign_up(process, "one") == 201
        assert readable(tmp_path) == []
        assert process.stop() == 0


def test_a_missing_key_is_one_sentence_and_destroys_nothing(tmp_path: Path, keys: Path) -> None:
    with start(tmp_path) as process:
        assert sign_up(process, "one") == 201
        assert process.stop() == 0
    (key,) = keys.iterdir()
    kept = key.read_bytes()
    key.unlink()
    before = (tmp_path / "state" / "oort.db").read_bytes()
    assert f"is missing: there is no {key}." in refused(tmp_path)
    key.write_text("0" * 64)
    assert "the key belongs to another store, or the file is damaged" in refused(tmp_path)
    key.write_text("nonsense")
    assert "is not a key" in refused(tmp_path)
    assert (tmp_path / "state" / "oort.db").read_bytes() == before
    key.write_bytes(kept)
    with start(tmp_path) as process:
        assert accounts(process, tmp_path) == {f"{CANARY}-one@example.com"}
        assert process.stop() == 0


def test_rotation_changes_key_and_file_and_keeps_the_data(tmp_path: Path, keys: Path) -> None:
    with start(tmp_path) as process:
        assert sign_up(process, "one") == 201
        assert process.stop() == 0
    (key,) = keys.iterdir()
    old = key.read_bytes()
    rotate(tmp_path)
    assert list(keys.iterdir()) == [key]
    new = key.read_bytes()
    assert new != old
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(old)
    assert "the key belongs to another store" in refused(tmp_path)
    key.write_bytes(new)
    with start(tmp_path) as process:
        assert accounts(process, tmp_path) == {f"{CANARY}-one@example.com"}
        assert process.stop() == 0


def test_a_running_platform_refuses_to_be_rotated(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert sign_up(process, "one") == 201
        command = [sys.executable, *KEYS, "--state", str(tmp_path / "state")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, "is in use by a running platform" in done.stderr) == (1, True)
        assert process.stop() == 0
