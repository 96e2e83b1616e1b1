"""Claim: one row read, one row written, one message sent: requests to Oort's gateway, against calls of DynamoDB and SQS.

The rivals are ministack and moto's server, called by the same raw HTTP client, as a program's SDK would call them. They keep
all of it in memory, and check neither a signature nor a body of the program. Oort runs a handler for each request, with its
token, checks, permission, log line and trace, and writes durably into an encrypted store; it also delivers the messages. moto's
server takes a new connection for each request. The tests' program of moto is used: it answers DynamoDB one request at a time.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import programs
from benchmarks.api import Contender, alternate, compared
from benchmarks.effort import Effort
from benchmarks.figures import Figure
from benchmarks.gateway import ADD, FIND, ROWS
from benchmarks.processes import Server
from benchmarks.programs import Emulator

CONNECTIONS = 4
_AWS = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
_TEXT = "lorem ipsum " * 20
_GET = '{"TableName":"notes","Key":{"shelf":{"S":"attic"},"id":{"S":"n%d"}}}'
_PUT = (
    '{"TableName":"notes","Item":{"shelf":{"S":"attic"},"id":{"S":"n%d"},'
    f'"text":{{"S":"{_TEXT}"}},"pinned":{{"BOOL":true}},"stars":{{"N":"3"}}}}}}'
)
_JOB = '{"number":%d,"at":0,"ms":0}'


def measure(effort: Effort) -> list[Figure]:
    """Each kind of call in turn; rows are written before they are read."""
    found: list[Figure] = []
    with servers() as (notes, jobs, emulators):
        callers = {
            "put": Contender(notes[0], "/notes", ADD, notes[1]),
            "get": Contender(notes[0], "/notes/find", FIND, notes[1], numbers=ROWS),
            "send": Contender(jobs, "/jobs", _JOB),
        }
        for name, ours in callers.items():
            rivals = {rival: call(name, one) for rival, one in emulators.items()}
            if name == "get":
                for one in (Contender(notes[0], "/notes", ADD, notes[1]), *_puts(emulators)):
                    _fill(one)
            alternate([ours, *rivals.values()], CONNECTIONS, effort)
            who = f"{name}, {CONNECTIONS} connections"
            found += compared(f"cloud-calls.{name}", who, ours, rivals)
    return found


@contextmanager
def servers() -> Iterator[tuple[tuple[Server, dict[str, str]], Server, dict[str, Emulator]]]:
    """Oort with the notes and the headers of a caller, Oort with the queue, and the emulators."""
    with ExitStack() as stack:
        folders = [stack.enter_context(programs.scratch()) for _ in range(3)]
        notes = stack.enter_context(
            programs.oort(programs.SUBJECT, folders[0], ready=programs.READY)
        )
        jobs = stack.enter_context(
            programs.oort(programs.QUEUE_SUBJECT, folders[1], ready=programs.QUEUE_READY)
        )
        emulators = {
            name: stack.enter_context(programs.emulator(name, folders[2]))
            for name in ("ministack", "moto")
        }
        headers = {"authorization": f"Bearer {programs.token(folders[0])}"}
        yield (notes, headers), jobs, emulators


def call(name: str, emulator: Emulator) -> Contender:
    """The call of an emulator that does the work of `name`."""
    if name == "send":
        text = _JOB.replace('"', '\\"')
        body = f'{{"QueueUrl":"{emulator.queue}","MessageBody":"{text}"}}'
        return Contender(emulator.server, "/", body, _headers("sqs", "AmazonSQS.SendMessage"))
    target = "DynamoDB_20120810." + {"get": "GetItem", "put": "PutItem"}[name]
    body, numbers = (_GET, ROWS) if name == "get" else (_PUT, 0)
    return Contender(emulator.server, "/", body, _headers("dynamodb", target), numbers=numbers)


def _headers(service: str, target: str) -> dict[str, str]:
    return {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "authorization": _AWS.format(service),
    }


def _puts(emulators: dict[str, Emulator]) -> list[Contender]:
    return [call("put", one) for one in emulators.values()]


def _fill(one: Contender) -> None:
    """Write the rows that are read."""
    while one.last < ROWS:
        one.round(connections=CONNECTIONS, seconds=0.5)
