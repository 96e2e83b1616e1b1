"""`oort queues`: show the depth, waiting messages and dead letters of queues, and redrive dead
letters."""

from pathlib import Path

import click
import msgspec

from oort.cli.arguments import completing, options
from oort.cli.groups import Group
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.messages import DeadLetter, Message
from oort.model.platform import PlatformModel

_EPILOG = """\b
Example:
  oort queues list apps/cometbid
"""
_LIST_EPILOG = """\b
Example:
  oort queues list apps/cometbid
"""
_PEEK_EPILOG = """\b
Example:
  oort queues peek email.outgoing -C apps/cometbid
"""
_REDRIVE_EPILOG = """\b
Example:
  oort queues redrive email.outgoing -C apps/cometbid
"""
_PURGE_EPILOG = """\b
Examples:
  oort queues purge email.outgoing --yes -C apps/cometbid
  oort queues purge email.outgoing --dead --yes -C apps/cometbid
"""
_MOST = 1000


@click.group(cls=Group, epilog=_EPILOG, short_help="Look into queues; put dead letters back.")
def queues() -> None:
    """Look into the queues, and put dead letters back. The platform may run or not."""


@queues.command(
    "list",
    epilog=_LIST_EPILOG,
    short_help="Show how many messages wait, are in flight, dead or parked.",
)
@options.path_argument
@options.json_option
@options.state_option
def list_(*, path: Path, as_json: bool, state: Path | None) -> None:
    """Show for every queue of the platform in PATH the number of messages that wait, are in flight,
    are dead letters, or are parked. `oort events parked` shows the parked messages. A subscriber's
    queue has the name of its function. `outbox` counts the events and messages that are committed
    and have not reached a queue."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        depths = [
            (entry, engine.ports.queue_inspection.depth(entry.name))
            for entry in program.model.queues
        ]
        outgoing = engine.ports.relay.waiting()
    if as_json:
        output.json([
            {"queue": queue.name, "subscription": queue.subscription, "attempts": queue.attempts,
             "waiting": depth.waiting, "in_flight": depth.in_flight, "dead": depth.dead, "parked": depth.parked}
            for queue, depth in depths
        ] + [
            {"queue": "outbox", "subscription": None, "attempts": None,
             "waiting": outgoing, "in_flight": 0, "dead": 0, "parked": 0}
        ])  # fmt: skip
    elif depths:
        rows = [
            (
                queue.name,
                queue.subscription or "",
                str(depth.waiting),
                str(depth.in_flight),
                str(depth.dead),
                str(depth.parked),
            )
            for queue, depth in depths
        ]
        if outgoing:
            rows.append(("outbox", "", str(outgoing), "", "", ""))
        output.table(
            ("QUEUE", "OF EVENT", "WAITING", "IN FLIGHT", "DEAD", "PARKED"),
            rows,
            right=frozenset({2, 3, 4, 5}),
        )
    else:
        output.echo("The platform has no queues.")


@queues.command(epilog=_PEEK_EPILOG, short_help="Show waiting messages and dead letters.")
@click.argument("queue", shell_complete=completing.queues)
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=10,
    show_default=True,
    help="The maximum for each kind.",
)
@options.path_option
@options.json_option
@options.state_option
def peek(*, queue: str, limit: int, path: Path, as_json: bool, state: Path | None) -> None:
    """Show the waiting messages of QUEUE and its dead letters, oldest first, without changing them.
    A dead letter shows its number of attempts and the last exception."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    name = _known(queue, program.model)
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        depth = engine.ports.queue_inspection.depth(name)
        waiting, dead = (
            engine.ports.queue_inspection.peek(name, most=limit),
            engine.ports.queue_inspection.dead(name, most=limit),
        )
    if as_json:
        output.json({
            "queue": name, "waiting": [_message(message) for message in waiting], "dead": [_dead(letter) for letter in dead]
        })  # fmt: skip
        return
    output.echo(
        f"{name}: {depth.waiting:,} waiting, {depth.in_flight:,} in flight, {depth.dead:,} dead, {depth.parked:,} parked"
    )
    for message in waiting:
        output.echo(
            f"\nwaiting  {message.id}  sent {output.clock(message.sent)}\n  {_body(message)}"
        )
    for letter in dead:
        _print(letter)


@queues.command(epilog=_REDRIVE_EPILOG, short_help="Put dead letters back on their queue.")
@click.argument("queue", shell_complete=completing.queues)
@options.path_option
@options.json_option
@options.state_option
def redrive(*, queue: str, path: Path, as_json: bool, state: Path | None) -> None:
    """Put every dead letter of QUEUE back on the queue with new attempts, and print the number. A
    running platform delivers them within a second; otherwise they wait. The letters go back in
    pieces. If the command is interrupted, the letters that are left stay dead letters; run it
    again."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    name = _known(queue, program.model)
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        redriven = engine.ports.queue_inspection.redrive(name)
    if as_json:
        output.json({"queue": name, "redriven": redriven})
    else:
        output.echo(
            f"{name}: {output.counted(redriven, 'dead letter')} put back."
            if redriven
            else f"{name}: no dead letters."
        )


@queues.command(epilog=_PURGE_EPILOG, short_help="Delete waiting messages or dead letters.")
@click.argument("queue", shell_complete=completing.queues)
@click.option("--dead", is_flag=True, help="Delete the dead letters instead.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.path_option
@options.json_option
@options.state_option
def purge(
    *, queue: str, dead: bool, yes: bool, path: Path, as_json: bool, state: Path | None
) -> None:
    """Delete every waiting message of QUEUE, or every dead letter with --dead, and print the number.
    They cannot be brought back. Messages in flight stay, and messages that come in the meantime.
    The platform may run. The messages go in pieces; after an interruption, run it again."""
    from oort.cli.wiring import embedded

    project, program = platforms.load(path)
    name, what = _known(queue, program.model), "dead letter" if dead else "waiting message"
    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        if not yes:
            depth = engine.ports.queue_inspection.depth(name)
            count = output.counted(depth.dead if dead else depth.waiting, what)
            click.confirm(f"Delete {count} of {name}?", abort=True, err=True)
        purged = engine.ports.queue_inspection.purge(name, dead=dead)
    if as_json:
        output.json({"queue": name, "purged": purged})
    else:
        output.echo(f"{name}: {output.counted(purged, what)} deleted.")


def _known(queue: str, platform: PlatformModel) -> str:
    return platforms.known(queue, [entry.name for entry in platform.queues], what="queue")


def _print(letter: DeadLetter) -> None:
    attempts = output.counted(letter.attempts, "attempt")
    mark = output.paint("dead", "red")
    output.echo(f"\n{mark}     {letter.message.id}  {output.clock(letter.died)}, after {attempts}")
    output.echo(f"  {output.preview(_cause(letter), width=200)}\n  {_body(letter.message)}")


def _cause(letter: DeadLetter) -> str:
    """Return the exception in one line, without its traceback."""
    return letter.error.strip().partition("\n")[0]


def _body(message: Message) -> str:
    return output.preview(message.body.decode("utf-8", "replace"))


def _parsed(body: bytes) -> object:
    try:
        parsed: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")
    return parsed


def _message(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "name": message.name,
        "version": message.version,
        "sent": output.moment(message.sent).isoformat(),
        "body": _parsed(message.body),
    }


def _dead(letter: DeadLetter) -> dict[str, object]:
    return {
        **_message(letter.message),
        "attempts": letter.attempts,
        "died": output.moment(letter.died).isoformat(),
        "error": _cause(letter),
        "traceback": letter.error.strip().partition("\n")[2].strip() or None,
    }
