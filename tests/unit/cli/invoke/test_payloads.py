"""`oort events`: what consumers could not read, put back or replayed, and what is published."""

import json
import shutil
import time
from pathlib import Path

import pytest

from oort.cli.wiring import embedded, platforms
from oort.engine.state.folder import open_state
from oort.model.messages import Fault, Message, ParkedMessage, Reason
from oort.rules.messaging import envelopes
from tests.unit.cli.shops import _SERVICE, delivered, run, shop

_NEWER = _SERVICE.replace("version=1", "version=2").replace(
    "@orders.table",
    """@event("orders.placed", version=1, key="order_id")
class PlacedV1(Event):
    order_id: str
    note: str = ""


@upcast
def placed(old: PlacedV1) -> Placed:
    return Placed(order_id=old.order_id, note=old.note)


@orders.table""",
    1,
).replace("atomic, event,", "atomic, event, upcast,")  # fmt: skip


def place(folder: Path, note: str = "") -> None:
    """Place an order, which publishes an event."""
    event = json.dumps({"body": {"email": "a@b.c", "note": note}})
    assert run("invoke", "orders.place", "--event", "-", "-C", folder, input=event).exit_code == 0


def injected(folder: Path, *bodies: bytes, version: int, queue: str = "orders.pack") -> None:
    """Put messages on a queue, as another program may, and deliver."""
    project, program = platforms.load(folder)
    name = "orders.placed" if queue == "orders.pack" else queue
    with embedded.invocable(program, platforms.state_folder(project, None)) as (engine, _):
        for number, body in enumerate(bodies):
            engine.ports.queues.send(
                queue, Message(id=f"{version}-{number}", name=name, body=body, version=version)
            )
    delivered(folder)


def deployed_anew(folder: Path, source: str, into: Path) -> Path:
    """Another program on the same state."""
    into.mkdir()
    later = shop(into, source)
    shutil.copytree(folder / ".oort", later / ".oort")
    return later


def test_nothing_is_parked_of_what_can_be_read(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder)
    delivered(folder)
    assert run("events", "parked", folder).stdout == "Nothing is parked.\n"
    assert run("events", "release", "-C", folder).stdout == "Nothing is parked.\n"
    assert json.loads(run("events", "parked", folder, "--json").stdout) == []


def test_what_is_parked_is_shown_with_its_reason_and_as_it_came(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    injected(folder, b'{"order_id":"a"}', b"garbage\x1b[2J", version=7)
    lines = run("events", "parked", folder).stdout.splitlines()
    assert lines[0].split() == ["CONSUMER", "EVENT", "VERSION", "PARKED", "WHY", "READABLE", "NOW"]
    assert [
        (line.split()[1], line.split()[2], line.split()[4], line.split()[5]) for line in lines[1:3]
    ] == [
        ("orders.placed", "7", "unknown-version", "no"),
        ("orders.placed", "7", "malformed", "no"),
    ]
    assert "orders.placed 7-0 has version 7, and version 1 is known." in lines
    assert "\x1b" not in "".join(lines)
    first, second = json.loads(run("events", "parked", folder, "--json").stdout)
    assert (first["consumer"], first["event"], first["version"], first["reason"], first["readable"]) == (
        "orders.pack", "orders.placed", 7, "unknown-version", False
    )  # fmt: skip
    assert envelopes.unwrapped(second["raw"]).body == b"garbage\x1b[2J"
    left = "orders.pack: 0 released, 2 cannot be read yet.\n"
    assert run("events", "release", "orders.pack", "-C", folder).stdout == left


def test_what_can_be_read_by_the_program_as_it_is_now_is_released(tmp_path: Path) -> None:
    before = shop(tmp_path)
    injected(before, *(b'{"order_id":"%d"}' % number for number in range(3)), b"garbage", version=2)
    after = deployed_anew(before, _NEWER, tmp_path / "later")
    shown = run("events", "parked", after).stdout
    assert "orders.placed 2-0 has version 2, and version 1 is known, and 2 more like it." in shown
    assert "Deliver readable messages with `oort events release`." in shown
    dry = run("events", "release", "-C", after, "--dry-run").stdout
    assert dry == "orders.pack: 3 can be released, 1 cannot be read yet.\n"
    found = json.loads(run("events", "release", "-C", after, "--json").stdout)
    assert {"consumer": "orders.pack", "released": 3, "parked": 1} in found
    delivered(after)
    depths = {
        one["queue"]: one for one in json.loads(run("queues", "list", after, "--json").stdout)
    }
    assert (depths["orders.pack"]["parked"], depths["orders.pack"]["dead"]) == (1, 0)


def test_garbage_is_removed_for_good(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    injected(folder, b'{"order_id":"a"}', b"garbage", b"more", version=2)
    dry = run(
        "events", "discard", "orders.pack", "-C", folder, "--reason", "malformed", "--dry-run"
    ).stdout
    assert dry == "orders.pack: 2 parked messages would be removed.\n"
    done = run("events", "discard", "orders.pack", "-C", folder, "--reason", "malformed").stdout
    assert done == "orders.pack: 2 parked messages removed.\n"
    left = json.loads(run("events", "parked", folder, "--json").stdout)
    assert [one["reason"] for one in left] == ["unknown-version"]
    told = run("events", "discard", "orders.pack", "-C", folder, "--json").stdout
    assert json.loads(told) == {"consumer": "orders.pack", "discarded": 1, "dry_run": False}


def test_a_start_of_the_platform_releases_by_itself(tmp_path: Path) -> None:
    before = shop(tmp_path)
    injected(before, b'{"order_id":"a"}', version=2)
    after = deployed_anew(before, _NEWER, tmp_path / "later")
    project, program = platforms.load(after)
    with embedded.at_rest(program, platforms.state_folder(project, None)) as engine:
        engine.release()
        assert engine.released == {"orders.pack": 1}


class Remembered:
    """A log that remembers what the platform says of itself."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, *, below: str = "") -> None:
        """What the platform says."""
        self.said.append(text)

    def written(self, text: str) -> None:
        """What a worker writes."""

    def access(self, request: object, reply: object, took: object) -> None:
        """A request."""

    def delivery(self, report: object) -> None:
        """A delivery."""

    def failed(self, error: Exception) -> None:
        """An error of the engine."""
        raise error


def test_a_platform_that_starts_says_what_it_hands_over_and_what_stays(tmp_path: Path) -> None:
    before = shop(tmp_path)
    injected(before, b'{"order_id":"a"}', b'{"order_id":"b"}', b"garbage", version=2)
    after = deployed_anew(before, _NEWER, tmp_path / "later")
    project, program = platforms.load(after)
    log, state = Remembered(), open_state(platforms.state_folder(project, None))
    issuer = embedded.issuer_of(state, platform="shop")
    embedded.started(program, state, issuer=issuer, log=log, inline=True).stop()  # type: ignore[arg-type]
    assert log.said == [
        "orders.pack: 2 parked messages can be read now and will be delivered.",
        "orders.pack: 1 parked message cannot be read yet: oort events parked",
    ]


def test_past_events_are_replayed_to_one_consumer(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    for note in ("one", "two"):
        place(folder, note)
    delivered(folder)
    dry = run("events", "replay", "--to", "orders.pack", "-C", folder, "--dry-run").stdout
    assert dry.startswith("2 events of orders.placed, the first of ")
    assert dry.endswith(": would go to orders.pack.\n")
    assert run("queues", "peek", "orders.pack", "-C", folder).stdout.startswith(
        "orders.pack: 0 waiting"
    )
    told = run(
        "events", "replay", "--to", "orders.pack", "-C", folder, "--since", "1h", "--json"
    ).stdout
    assert json.loads(told) == {
        "consumer": "orders.pack",
        "event": "orders.placed",
        "events": 2,
        "dry_run": False,
    }
    assert parcels_after(folder) == 2  # what was applied is not applied again
    run("events", "replay", "--to", "orders.pack", "-C", folder, "--again")
    assert parcels_after(folder) == 4


def parcels_after(folder: Path) -> int:
    """Deliver, and count the parcels that were sent by then, by the spans of their deliveries."""
    delivered(folder)
    found = json.loads(run("traces", folder, "--limit", "100", "--json").stdout)
    spans = [
        span
        for one in found
        for span in json.loads(run("trace", one["trace"], "-C", folder, "--json").stdout)["spans"]
    ]
    return len({span["detail"]["message"] for span in spans if span["name"] == "orders.ship"})


def test_only_a_subscriber_can_be_replayed_to(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert (
        "subscribes to no event"
        in run("events", "replay", "--to", "orders.ship", "-C", folder).stderr
    )
    unknown = run("events", "replay", "--to", "orders.packs", "-C", folder)
    assert (unknown.exit_code, "Did you mean orders.pack" in unknown.stderr) == (64, True)
    assert run("events", "release", "orders.place", "-C", folder).exit_code == 64


def test_nothing_to_replay_is_said(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path":{"id":"1"}}')
    told = run("events", "replay", "--to", "orders.pack", "-C", folder).stdout
    assert told == "0 events of orders.placed: on the way to orders.pack.\n"
    assert run("events", "tail", folder).stdout == "Nothing was published yet.\n"


def test_the_newest_events_are_shown_last(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    for note in ("one", "two", "three"):
        place(folder, note)
    delivered(folder)
    lines = run("events", "tail", folder, "--limit", "2").stdout.splitlines()
    assert ["two" in lines[0], "three" in lines[1], len(lines)] == [True, True, 2]
    assert "orders.placed 1" in lines[0]
    lines = run("events", "tail", folder, "--event", "orders.placed", "--json").stdout.splitlines()
    assert [json.loads(line)["body"]["note"] for line in lines] == ["one", "two", "three"]
    assert run("events", "tail", folder, "--event", "orders.place").exit_code == 64


def test_what_comes_is_followed_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop(tmp_path)
    place(folder, "one")
    delivered(folder)
    turns = iter(range(3))

    def pause() -> None:
        if next(turns) == 1:
            raise KeyboardInterrupt
        place(folder, "two")
        delivered(folder)

    monkeypatch.setattr(time, "sleep", lambda _: pause())
    result = run("events", "tail", folder, "--follow", "--json")
    assert [json.loads(line)["body"]["note"] for line in result.stdout.splitlines()] == [
        "one",
        "two",
    ]


def test_a_stage_is_looked_at_on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cloud:
        """Stands for an account with one parked message."""

        def __init__(self, stage: object) -> None:
            self.stage = stage

        def parking(self, platform: object) -> "Cloud":
            return self

        def parked(self, queue: str, *, most: int) -> list[ParkedMessage]:
            message = Message(id="1", name="orders.placed", body=b"{}", version=5)
            fault = Fault(Reason.UNKNOWN_VERSION, "too new")
            one = ParkedMessage(
                id="a", queue=queue, message=message, fault=fault, parked=1.0, raw="x"
            )
            return [one] if queue == "orders.pack" else []

    monkeypatch.setattr("oort.cli.wiring.cloud.Cloud", Cloud)
    folder = shop(tmp_path)
    assert "unknown-version" in run("events", "parked", folder, "--stage", "prod").stdout
    assert not (folder / ".oort").exists()
