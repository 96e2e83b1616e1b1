"""`oort contracts`: manage contracts and compare their versions."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.commands.contracts.accept import accept
from oort.cli.commands.contracts.catalog import catalog
from oort.cli.commands.contracts.export import export
from oort.cli.commands.contracts.locks import check, lock
from oort.cli.commands.contracts.mend import mend
from oort.cli.groups import Command, Group
from oort.cli.printing import output

if TYPE_CHECKING:
    from oort.rules.inclusion import Verdict
    from oort.rules.inclusion.documents import Json

_GROUP_EPILOG = """\b
Examples:
  oort contracts lock apps/cometbid
  oort contracts check apps/cometbid
"""
_COMPARE_EPILOG = """\b
Exit codes:
  0 yes, 1 no, 2 unknown, 64 usage or unreadable input

\b
Examples:
  oort contracts compare old.json new.json
  oort contracts compare old.json new.json --mode full --as-is --json
"""
_UNKNOWN = 2
_FILE = click.Path(path_type=Path)
_SIDES = {
    "backward": ", valid under OLD and refused by NEW",
    "forward": ", valid under NEW and refused by OLD",
}
_NEXT = {
    "yes": "No action is needed.",
    "no": "Undo the change at that place, or give the contract a new version.",
    "unknown": "Treat this as a no: use simpler keywords at that place, or give the contract a new version.",
}


@click.group(cls=Group, epilog=_GROUP_EPILOG, short_help="Keep, compare and print contracts.")
def contracts() -> None:
    """Manage contracts.

    A contract is the JSON Schema of the data that one service writes and others read. A change to a
    contract must not break running services.
    """


@contracts.command(
    cls=Command, epilog=_COMPARE_EPILOG, short_help="Compare a schema with its older version."
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "--mode",
    type=click.Choice(["backward", "forward", "full"]),
    default="backward",
    help="The readers that must keep working: new (backward, the default), old (forward), or both (full).",
)
@click.option(
    "--as-is",
    is_flag=True,
    help="Compare the schemas unchanged, without the rule for writers and readers.",
)
@options.json_option
@click.pass_context
def compare(
    ctx: click.Context, *, old: Path, new: Path, mode: str, as_is: bool, as_json: bool
) -> None:
    """Compare the JSON Schemas in OLD and NEW, of draft 4 to 2020-12. Backward means: every
    document valid under OLD is valid under NEW. A no includes a document that proves it. Unknown
    means: neither a proof nor such a document was found.

    Writers send only listed members, and readers ignore unlisted members, so an optional member may
    be added or removed. With --as-is, only the schemas count.
    """
    from oort.rules import inclusion

    modes: dict[str, inclusion.Mode] = {
        "backward": "backward",
        "forward": "forward",
        "full": "full",
    }
    verdict = inclusion.compare(_read(old), _read(new), mode=modes[mode], as_is=as_is)
    if as_json:
        output.json(_plain(verdict))
    else:
        _tell(verdict)
    ctx.exit({"yes": 0, "no": errors.NO, "unknown": _UNKNOWN}[verdict.verdict])


def _read(path: Path) -> "Json":
    try:
        schema: Json = json.loads(path.read_bytes(), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        reason = (
            error.strerror
            if isinstance(error, OSError)
            else f"it is not JSON: {output.one_line(str(error))}"
        )
        raise errors.UnreadableInput(
            f"{path} cannot be read: {reason}.", "Name a file with a JSON Schema."
        ) from error
    if isinstance(schema, bool | dict):
        return schema
    raise errors.UnreadableInput(
        f"{path} does not hold a JSON Schema.", "A schema is an object, or true or false."
    )


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number in JSON")


def _tell(verdict: "Verdict") -> None:
    output.echo(f"{verdict.verdict} ({verdict.mode})")
    output.echo(verdict.reason)
    if verdict.verdict != "yes":
        output.echo(f"Place: {output.one_line(verdict.path) or 'the whole schema'}")
    if verdict.witness is not None:
        output.echo(f"Witness{_SIDES.get(verdict.mode, '')}: {json.dumps(verdict.witness[0])}")
    output.echo(_NEXT[verdict.verdict])


def _plain(verdict: "Verdict") -> dict[str, object]:
    """Return the verdict as JSON. A null witness means no witness, unless the verdict is no."""
    return {
        "verdict": verdict.verdict,
        "mode": verdict.mode,
        "witness": None if verdict.witness is None else verdict.witness[0],
        "path": verdict.path,
        "reason": verdict.reason,
    }


contracts.add_command(check)
contracts.add_command(lock)
contracts.add_command(accept)
contracts.add_command(mend)
contracts.add_command(export)
contracts.add_command(catalog)
