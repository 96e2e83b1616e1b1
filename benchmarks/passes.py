"""Count what one sign-up of apps/cometbid costs: calls of Oort's own functions, and passes over the content of its event.

Run `python -m benchmarks.passes`; `--json` prints the numbers only, `--cpu` measures CPU time and counts nothing.

A pass reads or writes the whole content of the event once, in one form or another:

- a call of msgspec (`encode`, `decode`, `to_builtins`, `convert`) whose input or output holds the content;
- a call of `encode`, `decode` or `translate` of a text or of bytes that hold the content;
- a walk in Python over a value that holds the content: the functions in `_WALKS`.

Copies that look at nothing (`bytes(…)`, a slice) and what SQLite and botocore do are no passes. The
services are `accounts` and `email`, so the event has one consumer. On the engine the sign-up comes
through the gateway of the test kit; on AWS real handlers answer the events that Lambda would give
them, and clients in memory stand for AWS.

msgspec is watched by stand-ins for its functions, which must be in place before Oort is loaded. So
this is a program of its own, and its imports of Oort stand inside functions.
"""

import io
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
_OURS = str(ROOT / "src" / "oort") + os.sep
_KIT = _OURS + "testing" + os.sep  # drives the engine here; no part of a platform
_MAIL = "ada.passes@example.com"
_CONTENT = ("account_id", "country", _MAIL)  # together they stand in the event and nowhere else
_TEXTUAL = frozenset({"encode", "decode", "translate"})
_WALKS = frozenset({
    ("rules/types/numbers.py", "check"),
    ("rules/types/opening.py", "_unknowns"),
    ("rules/messaging/bodies.py", "named_twice"),
    ("rules/tables/attributes.py", "attributes"),
    ("rules/tables/attributes.py", "item"),
    ("rules/tables/items.py", "item_size"),
})  # fmt: skip
_ROUNDS = 400


@dataclass(slots=True)
class Counts:
    """What one step cost: calls by function, and passes in their order."""

    calls: Counter[str] = field(default_factory=Counter[str])
    passes: list[str] = field(default_factory=list[str])

    @property
    def total(self) -> int:
        """All calls of Oort's own functions."""
        return sum(self.calls.values())


_open: list[Counts] = []


def holds(value: object) -> bool:
    """Tell if the value, or its `repr`, holds the content of the event."""
    text = value if isinstance(value, str) else repr(value)
    return all(part in text for part in _CONTENT)


@contextmanager
def counting() -> Iterator[Counts]:
    """Count the calls and passes of the block, in this thread."""
    counts = Counts()
    _open.append(counts)
    sys.setprofile(_profile)
    try:
        yield counts
    finally:
        sys.setprofile(None)
        _open.remove(counts)


def _profile(frame: FrameType, event: str, argument: object) -> None:
    code = frame.f_code
    if not code.co_filename.startswith(_OURS) or code.co_filename.startswith(_KIT):
        return
    place = code.co_filename.removeprefix(_OURS)
    if event == "call" and not code.co_name.startswith("<"):
        _open[-1].calls[f"{place}:{code.co_qualname}"] += 1
        if (place, code.co_name) in _WALKS and holds(list(frame.f_locals.values())):
            _open[-1].passes.append(f"{code.co_name} in {place}")
    elif event == "c_call":
        owner, name = getattr(argument, "__self__", None), getattr(argument, "__name__", "")
        if name in _TEXTUAL and isinstance(owner, str | bytes) and holds(owner):
            _open[-1].passes.append(f"{type(owner).__name__}.{name} in {place}:{code.co_name}")


def _note(what: str, *values: object) -> None:
    frame = sys._getframe(2)
    if _open and any(map(holds, values)):
        place = frame.f_code.co_filename.removeprefix(_OURS)
        _open[-1].passes.append(f"{what} in {place}:{frame.f_code.co_name}")


def watch() -> None:
    """Put stand-ins for what encodes and decodes in msgspec's place. Oort must not be loaded yet."""
    for name in ("json", "msgpack"):
        module = getattr(msgspec, name)
        module.Encoder, module.Decoder = (
            _encoder(module.Encoder, name),
            _decoder(module.Decoder, name),
        )
        module.encode, module.decode = (
            _function(module.encode, name),
            _function(module.decode, name),
        )
    for name in ("to_builtins", "convert"):
        setattr(msgspec, name, _function(getattr(msgspec, name), "msgspec"))


def _function(real: Callable[..., Any], what: str) -> Callable[..., Any]:
    def stand_in(value: object, *more: Any, **named: Any) -> Any:
        result = real(value, *more, **named)
        _note(f"{what}.{real.__name__}", value, result)
        return result

    return stand_in


def _encoder(real: Callable[..., Any], what: str) -> type:
    class Encoder:
        def __init__(self, *given: Any, **named: Any) -> None:
            self._real = real(*given, **named)

        def encode(self, value: object) -> bytes:
            result: bytes = self._real.encode(value)
            _note(f"{what}.encode", result)
            return result

    return Encoder


def _decoder(real: Callable[..., Any], what: str) -> type:
    class Decoder:
        def __init__(self, *given: Any, **named: Any) -> None:
            self._real = real(*given, **named)

        def __class_getitem__(cls, _: object) -> type:
            return cls

        def decode(self, data: bytes) -> Any:
            _note(f"{what}.decode", data)
            return self._real.decode(data)

    return Decoder


def spent(step: Callable[[int], None], *, rounds: int) -> float:
    """The CPU seconds of one step: the fastest of the rounds, which neighbours on the machine disturbed least."""
    taken: list[float] = []
    for number in range(rounds):
        started = time.process_time()
        step(number)
        taken.append(time.process_time() - started)
    return min(taken, default=0.0)


class Mailbox:
    """A sender that keeps nothing."""

    def send(self, mail: object, *, reference: str) -> None:
        """Do nothing."""


def on_engine(*, rounds: int = 0) -> tuple[Counts, Counts, float]:
    """The sign-up, the delivery of its event and mail, and the CPU seconds of both together if there are rounds."""
    from cometbid.accounts import accounts
    from cometbid.email.sender import Sender
    from cometbid.email.service import email
    from oort.testing import Platform

    def sender() -> Sender:
        return Mailbox()

    def sign_up(mail: str) -> None:
        reply = platform.post("/accounts", {"email": mail, "country": "NO"})
        assert reply.status == 201, reply.body

    with Platform(accounts, email, redeliver=False) as platform:
        platform.provide(sender)
        sign_up("warm@example.com")
        platform.settle()
        with counting() as post:
            sign_up(_MAIL)
        with counting() as delivery:
            platform.settle()

        def again(number: int) -> None:
            sign_up(f"{number}@example.com")
            platform.settle()

        return post, delivery, spent(again, rounds=rounds)


class Cloud:
    """AWS in memory, as far as a sign-up needs it: it keeps what was written and published until somebody takes it."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []
        self.published: list[str] = []

    def transact_write_items(self, **request: Any) -> dict[str, object]:
        """Keep the items."""
        self.written += [
            action["Put"]["Item"] for action in request["TransactItems"] if "Put" in action
        ]
        return {}

    def publish_batch(self, **request: Any) -> dict[str, object]:
        """Keep the texts."""
        self.published += [entry["Message"] for entry in request["PublishBatchRequestEntries"]]
        return {}

    def send_message_batch(self, **request: Any) -> dict[str, object]:
        """Keep the texts."""
        self.published += [entry["MessageBody"] for entry in request["Entries"]]
        return {}

    def delete_item(self, **_: Any) -> dict[str, object]:
        """Do nothing."""
        return {}

    put_item = update_item = delete_item

    def stream(self) -> dict[str, object]:
        """The rows of the outbox that were written since the last time, as Lambda gives them to the relay."""
        rows = [item for item in self.written if "row" in item]
        self.written.clear()
        return {
            "Records": [
                {
                    "eventName": "INSERT",
                    "dynamodb": {"NewImage": row, "SequenceNumber": str(number)},
                }
                for number, row in enumerate(rows)
            ]
        }

    def batch(self) -> dict[str, object]:
        """What was published since the last time, as Lambda's poller gives it to a consumer."""
        texts, self.published = self.published, []
        return {
            "Records": [
                {
                    "messageId": f"m{number}", "receiptHandle": f"r{number}", "body": text,
                    "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
                }
                for number, text in enumerate(texts)
            ]
        }  # fmt: skip


def on_aws(*, rounds: int = 0) -> tuple[Counts, Counts, float]:
    """The sign-up, and then relay, consumer, relay and worker; the CPU seconds of it all if there are rounds."""
    cloud = Cloud()
    sign_up, welcome, deliver, accounts_relay, email_relay = _functions(cloud)
    request: dict[str, object] = {
        "httpMethod": "POST",
        "path": "/accounts",
        "headers": {"content-type": "application/json"},
        "requestContext": {},
    }

    def post(mail: str) -> None:
        body = json.dumps({"email": mail, "country": "NO"})
        answer = sign_up({**request, "body": body})
        assert isinstance(answer, dict)
        assert answer["statusCode"] == 201, answer

    def settle() -> None:
        for relay, consumer in ((accounts_relay, welcome), (email_relay, deliver)):
            relay(cloud.stream())
            answer = consumer(cloud.batch())
            assert answer == {"batchItemFailures": []}, answer

    with redirect_stdout(io.StringIO()):
        post("warm@example.com")
        settle()
        with counting() as posted:
            post(_MAIL)
        with counting() as delivered:
            settle()

        def again(number: int) -> None:
            post(f"{number}@example.com")
            settle()

        return posted, delivered, spent(again, rounds=rounds)


def _functions(cloud: Cloud) -> list[Callable[[Mapping[str, object]], object]]:
    """The handlers of the functions that a sign-up meets, put together as in Lambda."""
    from cometbid.accounts import accounts
    from cometbid.email import service
    from oort.app.loading import projects
    from oort.aws import clients, entry

    os.environ["OORT_OUTBOX"] = os.devnull
    names = (
        "accounts.sign_up",
        "email.welcome",
        "email.deliver",
        "accounts._relay",
        "email._relay",
    )
    projects.services = lambda _: [accounts, service.email]  # type: ignore[assignment]
    clients.Clients.get = lambda *_: cloud  # type: ignore[method-assign]
    clients.Clients.endpoint = lambda *_: "https://sqs.example"  # type: ignore[method-assign]
    return [entry.made({**_VARIABLES, "OORT_FUNCTION": name}) for name in names]


_VARIABLES = {
    "OORT_PLATFORM": "cometbid", "OORT_STAGE": "bench", "OORT_PARTITION": "aws", "OORT_ACCOUNT": "123456789012",
    "OORT_PACKAGES": "cometbid.accounts", "AWS_REGION": "eu-north-1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of one target."""

    post_calls: int
    delivery_calls: int
    passes: int


def report(post: Counts, delivery: Counts) -> Report:
    """The numbers of what was counted."""
    return Report(post.total, delivery.total, len(post.passes) + len(delivery.passes))


def main() -> None:
    """Print the numbers of both targets."""
    sys.path.insert(0, str(ROOT / "apps"))
    runs = {"engine": on_engine, "aws": on_aws}
    if "--cpu" in sys.argv:  # without the stand-ins, which would be measured too
        for name, run in runs.items():
            print(
                f"{name}: {run(rounds=_ROUNDS)[2] * 1000:.3f} ms of CPU for a sign-up and its delivery"
            )
        return
    watch()
    counted = {name: run()[:2] for name, run in runs.items()}
    if "--json" in sys.argv:
        print(json.dumps({name: asdict(report(*counts)) for name, counts in counted.items()}))
        return
    for name, (post, delivery) in counted.items():
        print(f"{name}: {report(post, delivery)}")
        for title, counts in (("sign-up", post), ("delivery", delivery)):
            print(f"  {title}: passes")
            for number, where in enumerate(counts.passes, 1):
                print(f"    {number:2} {where}")
            print(f"  {title}: calls")
            for function, count in counts.calls.most_common(40):
                print(f"    {count:3} {function}")


if __name__ == "__main__":
    main()
