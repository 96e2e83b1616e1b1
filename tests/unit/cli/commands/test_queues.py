"""`oort queues`: depths, dead letters, and messages that are put back."""

import json
from pathlib import Path

import pytest

from oort.cli.wiring import embedded, platforms
from oort.model.messages import Message
from tests.unit.cli.shops import delivered, printed, run, shop


def place(folder: Path, note: str = "") -> str:
    """Place an order by `oort invoke`; the trace."""
    event = json.dumps({"body": {"email": "a@b.c", "note": note}})
    result = run("invoke", "orders.place", "--event", "-", "-C", folder, "--json", input=event)
    return str(json.loads(result.stdout)["trace"])


def test_queues_show_their_depth(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    lines = [line.split() for line in run("queues", "list", folder).stdout.splitlines()]
    assert lines == [
        ["QUEUE", "OF", "EVENT", "WAITING", "IN", "FLIGHT", "DEAD", "PARKED"],
        ["orders.parcels", "0", "0", "1", "0"],
        ["orders.pack", "orders.placed", "0", "0", "0", "0"],
    ]
    assert json.loads(run("queues", "list", folder, "--json").stdout)[0] == {
        "queue": "orders.parcels", "subscription": None, "attempts": 1, "waiting": 0, "in_flight": 0, "dead": 1,
        "parked": 0,
    }  # fmt: skip


def test_the_outbox_is_shown_while_messages_wait_there(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "sendable")
    delivered(folder)
    counts = json.loads(run("queues", "list", folder, "--json").stdout)
    assert (counts[-1]["queue"], counts[-1]["waiting"]) == ("outbox", 0)
    place(folder, "sendable")
    assert ["outbox", "1"] in [
        line.split() for line in run("queues", "list", folder).stdout.splitlines()
    ]
    counts = json.loads(run("queues", "list", folder, "--json").stdout)
    assert (counts[-1]["queue"], counts[-1]["waiting"]) == ("outbox", 1)


def test_dead_letters_are_shown_and_put_back(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    shown = run("queues", "peek", "orders.parcels", "-C", folder).stdout
    assert "0 waiting, 0 in flight, 1 dead, 0 parked" in shown
    assert "after 1 attempt\n  ValueError: a parcel without weight\n" in shown
    assert '"weight":0}' in shown
    assert (
        run("queues", "redrive", "orders.parcels", "-C", folder).stdout
        == "orders.parcels: 1 dead letter put back.\n"
    )
    assert (
        run("queues", "redrive", "orders.parcels", "-C", folder).stdout
        == "orders.parcels: no dead letters.\n"
    )
    again = json.loads(run("queues", "redrive", "orders.parcels", "-C", folder, "--json").stdout)
    assert again == {"queue": "orders.parcels", "redriven": 0}
    waiting = run("queues", "peek", "orders.parcels", "-C", folder).stdout
    assert "1 waiting" in waiting
    assert "\nwaiting  " in waiting


def test_peek_as_json(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    (letter,) = json.loads(run("queues", "peek", "orders.parcels", "-C", folder, "--json").stdout)[
        "dead"
    ]
    assert sorted(letter) == [
        "attempts",
        "body",
        "died",
        "error",
        "id",
        "name",
        "sent",
        "traceback",
        "version",
    ]
    assert (letter["body"]["weight"], letter["error"]) == (0, "ValueError: a parcel without weight")
    assert letter["traceback"].startswith("Traceback")


def test_a_body_that_is_no_json_is_shown_as_text(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder)
    project, program = platforms.load(folder)
    with embedded.at_rest(program, platforms.state_folder(project, None)) as engine:
        engine.ports.queues.send(
            "orders.parcels", Message(id="1", name="orders.parcels", body=b"\xffno")
        )
    (message,) = json.loads(run("queues", "peek", "orders.parcels", "-C", folder, "--json").stdout)[
        "waiting"
    ]
    assert message["body"] == "\ufffdno"


@pytest.mark.parametrize("command", ["peek", "redrive"])
def test_an_unknown_queue_is_a_usage_error(tmp_path: Path, command: str) -> None:
    result = run("queues", command, "orders.parcel", "-C", shop(tmp_path))
    assert result.exit_code == 64
    assert "Did you mean orders.parcels" in result.stderr


def test_a_platform_without_queues(tmp_path: Path) -> None:
    folder = shop(
        tmp_path,
        "from oort import Service\nempty = Service('empty')\n@empty.get('/')\ndef no() -> None: ...\n",
    )
    run("invoke", "empty.no", "--event", "-", "-C", folder, input="{}")
    assert run("queues", "list", folder).stdout == "The platform has no queues.\n"


@pytest.mark.parametrize("words", [("queues", "list"), ("traces",), ("trace", "ab", "-C")])
def test_without_a_state_there_is_nothing_to_see(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = shop(tmp_path)
    result = run(*words, folder)
    assert (result.exit_code, result.stdout) == (64, "")
    assert "Start the platform once: oort dev." in result.stderr
    assert not (folder / ".oort").exists()


def test_a_purge_asks_first_and_says_how_many(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.pack", "--event", "-", "-C", folder, input='{"order_id": "1"}')
    run("invoke", "orders.pack", "--event", "-", "-C", folder, input='{"order_id": "2"}')
    words = ("queues", "purge", "orders.parcels", "-C", folder)
    assert run(*words, input="n\n").exit_code == 130
    assert "orders.parcels" in printed("queues", "list", folder)
    _, program = platforms.load(folder)
    with embedded.at_rest(program, folder / ".oort") as engine:
        engine.ports.relay.move()
    assert printed(*words, "--yes") == "orders.parcels: 2 waiting messages deleted."
    document = json.loads(printed(*words, "--dead", "--yes", "--json"))
    assert document == {"queue": "orders.parcels", "purged": 0}
