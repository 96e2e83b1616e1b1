"""`oort state`: saved beside a running platform, listed, verified, loaded and compacted."""

import json
import threading
from pathlib import Path

import pytest

from oort.engine.saving import saved_states
from oort.engine.state.folder import StateFolder
from tests.unit.cli.served import PATIENCE, served
from tests.unit.cli.shops import printed, run, shop


def used(tmp_path: Path) -> Path:
    """A platform that ran."""
    folder = shop(tmp_path)
    run("invoke", "orders.pack", "--event", "-", "-C", folder, input='{"order_id": "1"}')
    assert StateFolder(folder / ".oort").has_database()
    return folder


def test_a_state_is_saved_listed_verified_and_loaded(tmp_path: Path) -> None:
    folder = used(tmp_path)
    assert printed("state", "list", "-C", folder) == "There are no saved states."
    assert "The copy is verified." in printed("state", "save", "first", "-C", folder)
    printed("state", "save", "-C", folder, "--json")
    listed = json.loads(printed("state", "list", "-C", folder, "--json"))
    assert [saved["platform"] for saved in listed] == ["shop", "shop"]
    assert "first" in printed("state", "list", "-C", folder).splitlines()[1]
    assert printed("state", "verify", "-C", folder) == "No problems."
    assert printed("state", "verify", "first", "-C", folder) == "No problems."
    printed("queues", "redrive", "orders.parcels", "-C", folder)
    assert ".oort.before-" in printed("state", "load", "first", "-C", folder)
    assert printed("state", "verify", "-C", folder, "--json").startswith('{\n  "ok": true')
    assert "waiting" in printed("queues", "peek", "orders.parcels", "-C", folder)


def test_problems_and_mistakes_are_sentences(tmp_path: Path) -> None:
    folder = used(tmp_path)
    printed("state", "save", "first", "-C", folder)
    saved = saved_states.read(folder / ".oort.saved" / "first")
    with saved.folder.database.open("r+b") as file:
        file.seek(8_000)
        file.write(b"damage" * 100)
    for words, code, says in (
        (("verify", "first"), 1, "cannot be loaded"),
        (("load", "first"), 1, "cannot be loaded"),
        (("load", "second"), 64, "is not a saved state"),
        (("verify", "second"), 64, "is not a saved state"),
        (("save", "first"), 64, "exists already"),
        (("save", "../.."), 64, "exists already"),
        (("save", ".hidden"), 64, "is not a name for a saved state"),
        (("save", f"{folder}/.oort/copy"), 64, "is inside of the state"),
        (("list", f"{tmp_path}/nowhere"), 64, "There is no folder"),
    ):
        result = run("state", *words, "-C", folder)
        assert result.exit_code == code
        assert says in result.stderr
        assert len(result.stderr.splitlines()) == 1
    with StateFolder(folder / ".oort").database.open("r+b") as file:
        file.seek(8_000)
        file.write(b"damage" * 100)
    result = run("state", "verify", "-C", folder)
    assert (result.exit_code, result.stdout.splitlines()[-1][:10]) == (1, "1 problem.")
    other = shop(tmp_path)
    for never_ran in (("verify", "-C", other), ("save", "-C", other), ("compact", other)):
        assert run("state", *never_ran).exit_code == 64
    assert not (other / ".oort").exists()


@pytest.mark.slow
def test_a_platform_under_writes_is_saved_and_keeps_its_state(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    acknowledged: list[str] = []
    with served(folder) as platform:
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                status, _, body = platform.ask("POST", "/orders", {"email": "a@b.c"})
                assert status == 201
                acknowledged.append(json.loads(body)["id"])

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged) < 20:
            writer.join(0.01)
        before = list(acknowledged)
        printed("state", "save", "running", "-C", folder)
        assert printed("state", "verify", "-C", folder) == "No problems."
        stop.set()
        writer.join()
        for words in (("load", "running", "-C", folder), ("compact", folder)):
            refused = run("state", *words)
            assert refused.exit_code == 1
            assert "in use by a running platform" in refused.stderr
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
    assert printed("state", "compact", folder).startswith("The state had")
    printed("state", "load", "running", "-C", folder)
    with served(folder) as platform:
        assert [platform.ask("GET", f"/orders/{name}")[0] for name in before] == [200] * len(before)
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
