"""`oort events`: what consumers could not read, put back or replayed, and what is published."""

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
    from oort.model.reports import Published

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
_FEW = 10  # kinds of parked messages that are told in a sentence
_LOOK = timedelta(milliseconds=250)  # between looks for new events


def _stage_option(command: "click.decorators.FC") -> "click.decorators.FC":
    said = "Look at this stage on AWS instead of the platform's state here."
    return click.option("--stage", metavar="STAGE", help=said)(command)


@click.group(cls=Group, epilog=_EPILOG, short_help="See, release and replay events.")
def events() -> None:
    """A message that its consumer cannot read is parked: an unknown version, garbage, another type. It is kept as it came, and
    not tried again. When a consumer that can read it is started or deployed, it is handed over by itself.
    """


@events.command(epilog=_PARKED_EPILOG, short_help="Show what consumers could not read.")
@options.path_argument
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=20,
    show_default=True,
    help="How many of each at most.",
)
@_stage_option
@options.json_option
@options.state_option
def parked(*, path: Path, limit: int, stage: str | None, as_json: bool, state: Path | None) -> None:
    """Show the parked messages of every consumer of the platform in PATH, oldest first: the event and version, why it could
    not be read, and whether the consumer as it is here could read it now. With --json, what came stands in `raw`, as it came.
    """
    from oort.runtime import parking as rules

    project, program = platforms.load(path)
    with _parking(project, program, stage=stage, state=state) as parking:
        found = [
            (function, one, rules.understands(function, one))
            for queue, function in sorted(rules.consumers(program).items())
            for one in parking.parked(queue, most=limit)
        ]
    if as_json:
        output.json(
            [_described(function, one, readable=readable) for function, one, readable in found]
        )
    elif found:
        rows = [_row(function, one, readable=readable) for function, one, readable in found]
        output.table(
            ("CONSUMER", "EVENT", "VERSION", "PARKED", "WHY", "READABLE NOW"),
            rows,
            right=frozenset({2}),
        )
        output.echo()
        for count, one in _kinds([one for _, one, _ in found]):
            others = f", and {count - 1:,} more like it" if count > 1 else ""
            output.echo(f"{output.preview(one.fault.detail.removesuffix('.'), width=160)}{others}.")
        if any(readable for _, _, readable in found):
            output.echo("Hand over what can be read now with `oort events release`.")
    else:
        output.echo("Nothing is parked.")


@events.command(epilog=_RELEASE_EPILOG, short_help="Hand over what can be read now.")
@click.argument("consumer", required=False, shell_complete=completing.functions)
@options.path_option
@click.option("--dry-run", is_flag=True, help="Only say what would be released.")
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
    """Put the parked messages of CONSUMER, or of all consumers, back on their queues, as far as the consumer as it is here can
    read them now. The others stay parked. `oort dev` and `oort deploy` do this by themselves; it is for programs that were
    deployed by other means.
    """
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
    type=click.Choice([one.value for one in Reason]),
    help="Only those that were parked for this.",
)
@options.path_option
@click.option("--dry-run", is_flag=True, help="Only say how many that would be.")
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
    """Remove the parked messages of CONSUMER for good, such as garbage that no version will ever read. What the consumer as it is
    here can read now stays: release it.
    """
    from oort.runtime import parking as rules

    project, program = platforms.load(path)
    function = program.functions[_consumer(consumer, program)]
    ((queue, _),) = (
        (name, one) for name, one in rules.consumers(program).items() if one is function
    )

    def chosen(one: ParkedMessage) -> bool:
        return reason in (None, one.fault.reason.value) and not rules.understands(function, one)

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


@events.command(epilog=_REPLAY_EPILOG, short_help="Hand past events to one consumer.")
@click.option(
    "--to", "consumer", required=True, metavar="CONSUMER", help="The function that gets them."
)
@options.path_option
@click.option(
    "--since",
    type=options.Length(),
    metavar="TIME",
    help="Only what was published this lately: 30m, 2h, 7d.",
)
@click.option(
    "--again", is_flag=True, help="Under new ids: what was applied before is applied once more."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be handed over.")
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
    """Hand the events that were published before, as far as they are kept (the newest 10,000), to CONSUMER and to no other one.
    They keep their ids: an atomic() block that has applied an event before does not apply it again, unless --again is given.
    On AWS a topic keeps no history.
    """
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
        chosen = [_fresh(one.message) if again else one.message for one in past]
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
    told = output.counted(len(chosen), "event")
    first = f", the first of {output.clock(past[0].published)}" if past else ""
    output.echo(
        f"{told} of {trigger.event}{first}: {'would go' if dry_run else 'on the way'} to {consumer}."
    )


@events.command(epilog=_TAIL_EPILOG, short_help="Show what is published.")
@options.path_argument
@click.option("--event", metavar="NAME", help="Only this event.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=10,
    show_default=True,
    help="How many of the past at most.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@options.json_option
@options.state_option
def tail(
    *, path: Path, event: str | None, limit: int, follow: bool, as_json: bool, state: Path | None
) -> None:
    """Show the events that the platform in PATH published last, the newest at the end. It works whether the platform runs or
    not. With --json, one object a line.
    """
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    name = event if event is None else platforms.known(event, _events(program), what="event")
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        found = engine.ports.history.last(name, most=limit)
        _show(found, as_json=as_json)
        if not found and not follow and not as_json:
            output.echo("Nothing was published yet.")
        while follow:
            place = found[-1].place if found else 0
            time.sleep(_LOOK.total_seconds())
            found = engine.ports.history.after(place, name, most=_MOST) or found[-1:]
            _show([one for one in found if one.place > place], as_json=as_json)


@contextmanager
def _parking(
    project: Project, program: Program, *, stage: str | None, state: Path | None
) -> Iterator[Parking]:
    """What is parked: in the stage, or here."""
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
    """The consumer, how many were or would be released, and how many stay."""
    from oort.runtime import parking as rules

    found = [rules.understands(function, one) for one in parking.parked(queue, most=_MOST)]
    ready = sum(found)
    if ready and not dry_run:
        ready = parking.release(queue, ready=lambda one: rules.understands(function, one))
    return function.model.name, ready, len(found) - ready


def _consumer(name: str, program: Program) -> str:
    consumers = [one.name for one in program.model.functions if isinstance(one.trigger, Consumed)]
    return platforms.known(name, consumers, what="consumer")


def _events(program: Program) -> list[str]:
    return sorted({one.name for one in program.model.events})


def _fresh(message: Message) -> Message:
    from oort.rules import identifiers

    return msgspec.structs.replace(
        message, id=identifiers.uuid7(int(time.time() * 1000), secrets.randbits(74))
    )


def _show(found: "Sequence[Published]", *, as_json: bool) -> None:
    for one in found:
        message = one.message
        if as_json:
            line = {
                "event": message.name,
                "version": message.version,
                "id": message.id,
                "published": _iso(one.published),
            }
            click.echo(msgspec.json.encode({**line, "body": _body(message)}))
        else:
            head = f"{output.clock(one.published)}  {message.name} {message.version}"
            output.echo(
                f"{head}  {output.preview(message.body.decode('utf-8', 'replace'), width=120)}"
            )


def _kinds(found: Sequence[ParkedMessage]) -> list[tuple[int, ParkedMessage]]:
    """How many there are of each kind, with the first of it."""
    kinds = [(one.queue, one.message.name, one.message.version, one.fault.reason) for one in found]
    first = dict(zip(reversed(kinds), reversed(found), strict=True))
    return [(kinds.count(kind), first[kind]) for kind in dict.fromkeys(kinds)][:_FEW]


def _row(function: Function, one: ParkedMessage, *, readable: bool) -> tuple[str, ...]:
    message = one.message
    name = output.preview(message.name, width=40)
    return (
        function.model.name, name, str(message.version), output.clock(one.parked), one.fault.reason.value,
        "yes" if readable else "no",
    )  # fmt: skip


def _described(function: Function, one: ParkedMessage, *, readable: bool) -> dict[str, object]:
    return {
        "consumer": function.model.name,
        "queue": one.queue,
        "event": one.message.name,
        "version": one.message.version,
        "id": one.message.id,
        "parked": _iso(one.parked),
        "reason": one.fault.reason.value,
        "detail": one.fault.detail,
        "readable": readable,
        "raw": one.raw,
        "headers": dict(one.headers),
    }


def _body(message: Message) -> object:
    try:
        return msgspec.json.decode(message.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return message.body.decode("utf-8", "replace")


def _iso(seconds: float) -> str:
    return output.moment(seconds).isoformat()
