"""`oort events`: list, release, discard and replay events, and show published events."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from oort.app.loading.projects import Project
from oort.app.programs import Function, Program
from oort.cli.arguments import completing, options
from oort.cli.groups import Group
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.errors import InvalidUse
from oort.model.functions import Consumed, Subscription
from oort.model.messages import Message, ParkedMessage, Reason
from oort.ports.parking import Parking

if TYPE_CHECKING:
    from oort.model.messages import Published

_EPILOG = """\b
Example:
  oort events parked apps/cometbid
"""
_PARKED_EPILOG = """\b
Examples:
  oort events parked apps/cometbid
  oort events parked apps/cometbid --stage prod --json
"""
_RELEASE_EPILOG = """\b
Examples:
  oort events release -C apps/cometbid --dry-run
  oort events release email.welcome -C apps/cometbid
"""
_DISCARD_EPILOG = """\b
Example:
  oort events discard email.welcome -C apps/cometbid --reason malformed --dry-run
"""
_REPLAY_EPILOG = """\b
Examples:
  oort events replay --to analytics.record -C apps/cometbid --since 1h --dry-run
  oort events replay --to analytics.record -C apps/cometbid --again
"""
_TAIL_EPILOG = """\b
Examples:
  oort events tail apps/cometbid
  oort events tail apps/cometbid --event accounts.signed-up --follow
"""
_MOST = 10_000
_FEW = 10  # kinds of parked messages that get a sentence
_LOOK = timedelta(milliseconds=250)  # between looks for new events


def _stage_option(command: "click.decorators.FC") -> "click.decorators.FC":
    help_text = "Look at this stage on AWS instead of the platform's state here."
    return click.option("--stage", metavar="STAGE", help=help_text)(command)


@click.group(cls=Group, epilog=_EPILOG, short_help="See, release and replay events.")
def events() -> None:
    """Look into events, release them and replay them.

    A message that its consumer cannot read is parked: the version is unknown, or the body is
    invalid. A parked message is kept unchanged and not tried again. When a consumer that can read
    the message starts or is deployed, the message is delivered automatically.
    """


@events.command(epilog=_PARKED_EPILOG, short_help="Show messages that consumers could not read.")
@options.path_argument
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=20,
    show_default=True,
    help="The maximum for each consumer.",
)
@_stage_option
@options.json_option
@options.state_option
def parked(*, path: Path, limit: int, stage: str | None, as_json: bool, state: Path | None) -> None:
    """Show the parked messages of every consumer of the platform in PATH, oldest first: event,
    version, reason, and whether the consumer in PATH could read the message now. With --json, `raw`
    holds the message as received."""
    from oort.runtime import parking as rules

    project, program = platforms.load(path)
    with _parking(project, program, stage=stage, state=state) as parking:
        messages = [
            (function, message, rules.understands(function, message))
            for queue, function in sorted(rules.consumers(program).items())
            for message in parking.parked(queue, most=limit)
        ]
    if as_json:
        output.json(
            [
                _described(function, message, readable=readable)
                for function, message, readable in messages
            ]
        )
    elif messages:
        rows = [
            _row(function, message, readable=readable) for function, message, readable in messages
        ]
        output.table(
            ("CONSUMER", "EVENT", "VERSION", "PARKED", "WHY", "READABLE NOW"),
            rows,
            right=frozenset({2}),
        )
        output.echo()
        for count, message in _kinds([message for _, message, _ in messages]):
            more = f", and {count - 1:,} more like it" if count > 1 else ""
            output.echo(
                f"{output.preview(message.fault.detail.removesuffix('.'), width=160)}{more}."
            )
        if any(readable for _, _, readable in messages):
            output.echo("Deliver readable messages with `oort events release`.")
    else:
        output.echo("Nothing is parked.")


@events.command(epilog=_RELEASE_EPILOG, short_help="Deliver parked messages that can be read now.")
@click.argument("consumer", required=False, shell_complete=completing.functions)
@options.path_option
@click.option("--dry-run", is_flag=True, help="Only show the messages to release.")
@_stage_option
@options.json_option
@options.state_option
def release(
    *,
    consumer: str | None,
    path: Path,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
    state: Path | None,
) -> None:
    """Put the parked messages of CONSUMER, or of all consumers, back on their queues if the
    consumer in PATH can read them now. The remaining messages stay parked. `oort dev` and `oort
    deploy` do this automatically; use this command for programs deployed by other means."""
    from oort.runtime import parking as rules

    project, program = platforms.load(path)
    chosen = {
        queue: function
        for queue, function in rules.consumers(program).items()
        if consumer is None or function.model.name == _consumer(consumer, program)
    }
    with _parking(project, program, stage=stage, state=state) as parking:
        results = [
            _released(parking, queue, function, dry_run=dry_run)
            for queue, function in sorted(chosen.items())
        ]
    if as_json:
        output.json(
            [{"consumer": name, "released": ready, "parked": left} for name, ready, left in results]
        )
        return
    word = "can be released" if dry_run else "released"
    for name, ready, left in results:
        if ready or left:
            output.echo(f"{name}: {ready:,} {word}, {left:,} cannot be read yet.")
    if not any(ready or left for _, ready, left in results):
        output.echo("Nothing is parked.")


@events.command(epilog=_DISCARD_EPILOG, short_help="Remove parked messages for good.")
@click.argument("consumer", shell_complete=completing.functions)
@click.option(
    "--reason",
    type=click.Choice([message.value for message in Reason]),
    help="Only messages parked for this reason.",
)
@options.path_option
@click.option("--dry-run", is_flag=True, help="Only show the number of messages.")
@_stage_option
@options.json_option
@options.state_option
def discard(
    *,
    consumer: str,
    reason: str | None,
    path: Path,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
    state: Path | None,
) -> None:
    """Remove the parked messages of CONSUMER permanently, such as invalid bodies that no version
    will ever read. Messages that the consumer in PATH can read now stay: release them."""
    from oort.runtime import parking as rules

    project, program = platforms.load(path)
    function = program.functions[_consumer(consumer, program)]
    ((queue, _),) = (
        (name, message) for name, message in rules.consumers(program).items() if message is function
    )

    def chosen(message: ParkedMessage) -> bool:
        return reason in (None, message.fault.reason.value) and not rules.understands(
            function, message
        )

    with _parking(project, program, stage=stage, state=state) as parking:
        if dry_run:
            count = sum(map(chosen, parking.parked(queue, most=_MOST)))
        else:
            count = parking.discard(queue, chosen=chosen)
    if as_json:
        output.json({"consumer": consumer, "discarded": count, "dry_run": dry_run})
        return
    output.echo(
        f"{consumer}: {output.counted(count, 'parked message')} {'would be ' if dry_run else ''}removed."
    )


@events.command(epilog=_REPLAY_EPILOG, short_help="Deliver past events to a consumer again.")
@click.option(
    "--to",
    "consumer",
    required=True,
    metavar="CONSUMER",
    help="The function that receives the events.",
)
@options.path_option
@click.option(
    "--since",
    type=options.Length(),
    metavar="TIME",
    help="Only events published within this time: 30m, 2h, 7d.",
)
@click.option(
    "--again", is_flag=True, help="Use new ids: events applied before are applied once more."
)
@click.option("--dry-run", is_flag=True, help="Only show the number of events.")
@options.json_option
@options.state_option
def replay(
    *,
    consumer: str,
    path: Path,
    since: timedelta | None,
    again: bool,
    dry_run: bool,
    as_json: bool,
    state: Path | None,
) -> None:
    """Deliver past events again, to CONSUMER only. The newest 10,000 events are kept. Events keep
    their ids: an atomic() block that applied an event before skips the event, unless --again is
    used. On AWS a topic keeps no history."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    function = program.functions[_consumer(consumer, program)]
    trigger = function.model.trigger
    if not isinstance(trigger, Subscription):
        raise InvalidUse(
            f"{consumer} subscribes to no event.", "Name a function under @service.on(…)."
        )
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        earliest = 0.0 if since is None else time.time() - since.total_seconds()
        past = engine.ports.history.after(0, trigger.event, since=earliest, most=_MOST)
        chosen = [
            _fresh(past_event.message) if again else past_event.message for past_event in past
        ]
        if not dry_run:
            engine.ports.history.replay(trigger.queue, chosen)
    if as_json:
        output.json(
            {
                "consumer": consumer,
                "event": trigger.event,
                "events": len(chosen),
                "dry_run": dry_run,
            }
        )
        return
    number = output.counted(len(chosen), "event")
    first = f", the first of {output.clock(past[0].published)}" if past else ""
    output.echo(
        f"{number} of {trigger.event}{first}: {'would go' if dry_run else 'on the way'} to {consumer}."
    )


@events.command(epilog=_TAIL_EPILOG, short_help="Show published events.")
@options.path_argument
@click.option("--event", metavar="NAME", help="Only this event.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=10,
    show_default=True,
    help="The maximum number of past events.",
)
@click.option("--follow", "-f", is_flag=True, help="Continue with new events until Ctrl-C.")
@options.json_option
@options.state_option
def tail(
    *, path: Path, event: str | None, limit: int, follow: bool, as_json: bool, state: Path | None
) -> None:
    """Show the latest published events of the platform in PATH, the newest at the end. The platform
    may run or not. With --json, print one object a line."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    name = event if event is None else platforms.known(event, _events(program), what="event")
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        published = engine.ports.history.last(name, most=limit)
        _show(published, as_json=as_json)
        if not published and not follow and not as_json:
            output.echo("Nothing was published yet.")
        while follow:
            last = published[-1].place if published else 0
            time.sleep(_LOOK.total_seconds())
            published = engine.ports.history.after(last, name, most=_MOST) or published[-1:]
            _show([event for event in published if event.place > last], as_json=as_json)


@contextmanager
def _parking(
    project: Project, program: Program, *, stage: str | None, state: Path | None
) -> Iterator[Parking]:
    """Open the parked messages of the stage, or of the state folder."""
    if stage is not None:
        from oort.cli.wiring.cloud import Cloud

        yield Cloud(project.stage(stage)).parking(program.model)
        return
    from oort.cli.wiring import embedded

    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        yield engine.ports.parking


def _released(
    parking: Parking, queue: str, function: Function, *, dry_run: bool
) -> tuple[str, int, int]:
    """Return the consumer, the number of released (or releasable) messages, and the remaining
    number."""
    from oort.runtime import parking as rules

    readable = [
        rules.understands(function, message) for message in parking.parked(queue, most=_MOST)
    ]
    ready = sum(readable)
    if ready and not dry_run:
        ready = parking.release(queue, ready=lambda message: rules.understands(function, message))
    return function.model.name, ready, len(readable) - ready


def _consumer(name: str, program: Program) -> str:
    consumers = [
        function.name
        for function in program.model.functions
        if isinstance(function.trigger, Consumed)
    ]
    return platforms.known(name, consumers, what="consumer")


def _events(program: Program) -> list[str]:
    return sorted({event.name for event in program.model.events})


def _fresh(message: Message) -> Message:
    from oort.rules import identifiers

    return msgspec.structs.replace(
        message, id=identifiers.uuid7(int(time.time() * 1000), secrets.randbits(74))
    )


def _show(published: "Sequence[Published]", *, as_json: bool) -> None:
    for event in published:
        message = event.message
        if as_json:
            line = {
                "event": message.name,
                "version": message.version,
                "id": message.id,
                "published": _iso(event.published),
            }
            click.echo(msgspec.json.encode({**line, "body": _body(message)}))
        else:
            head = f"{output.clock(event.published)}  {message.name} {message.version}"
            output.echo(
                f"{head}  {output.preview(message.body.decode('utf-8', 'replace'), width=120)}"
            )


def _kinds(messages: Sequence[ParkedMessage]) -> list[tuple[int, ParkedMessage]]:
    """Count the messages of each kind, and return the first message of each."""
    kinds = [
        (parked.queue, parked.message.name, parked.message.version, parked.fault.reason)
        for parked in messages
    ]
    first = dict(zip(reversed(kinds), reversed(messages), strict=True))
    return [(kinds.count(kind), first[kind]) for kind in dict.fromkeys(kinds)][:_FEW]


def _row(function: Function, parked: ParkedMessage, *, readable: bool) -> tuple[str, ...]:
    message = parked.message
    name = output.preview(message.name, width=40)
    return (
        function.model.name, name, str(message.version), output.clock(parked.parked), parked.fault.reason.value,
        "yes" if readable else "no",
    )  # fmt: skip


def _described(function: Function, parked: ParkedMessage, *, readable: bool) -> dict[str, object]:
    return {
        "consumer": function.model.name,
        "queue": parked.queue,
        "event": parked.message.name,
        "version": parked.message.version,
        "id": parked.message.id,
        "parked": _iso(parked.parked),
        "reason": parked.fault.reason.value,
        "detail": parked.fault.detail,
        "readable": readable,
        "raw": parked.raw,
        "headers": dict(parked.headers),
    }


def _body(message: Message) -> object:
    try:
        return msgspec.json.decode(message.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return message.body.decode("utf-8", "replace")


def _iso(seconds: float) -> str:
    return output.moment(seconds).isoformat()
