"""`oort contracts`: whether a changed contract still fits those who write and read its messages."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.commands.contracts.catalog import catalog
from oort.cli.commands.contracts.export import export
from oort.cli.commands.contracts.locks import check, lock
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
    "yes": "Nothing has to be done.",
    "no": "Undo the change at that place, or give the contract a new version.",
    "unknown": "Treat it as a no: write the schema at that place in plainer keywords, or give the contract a new version.",
}


@click.group(cls=Group, epilog=_GROUP_EPILOG, short_help="Keep, compare and print contracts.")
def contracts() -> None:
    """A contract is the JSON Schema of what one service writes and others read. A change to it must not break those who run
    already.
    """


@contracts.command(
    cls=Command, epilog=_COMPARE_EPILOG, short_help="Say whether a schema fits its older version."
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "--mode",
    type=click.Choice(["backward", "forward", "full"]),
    default="backward",
    help="Who must go on working: new readers (backward, the default), old readers (forward), or both (full).",
)
@click.option(
    "--as-is",
    is_flag=True,
    help="Compare the schemas as they are, without the rule for writers and readers.",
)
@options.json_option
@click.pass_context
def compare(
    ctx: click.Context, *, old: Path, new: Path, mode: str, as_is: bool, as_json: bool
) -> None:
    """Compare the JSON Schemas in OLD and NEW, of draft 4 to 2020-12. Backward means that everything valid under OLD is valid
    under NEW. A no comes with a document that proves it. Unknown means that neither a proof nor such a document was found.

    Those who write add no members that are not listed, and those who read ignore them: so an optional member may come or go.
    With --as-is only what the schemas say counts.
    """
    from oort.rules import inclusion

    modes: dict[str, inclusion.Mode] = {
        "backward": "backward",
        "forward": "forward",
        "full": "full",
    }
    found = inclusion.compare(_read(old), _read(new), mode=modes[mode], as_is=as_is)
    if as_json:
        output.json(_plain(found))
    else:
        _tell(found)
    ctx.exit({"yes": 0, "no": errors.NO, "unknown": _UNKNOWN}[found.verdict])


def _read(path: Path) -> "Json":
    try:
        found: Json = json.loads(path.read_bytes(), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        reason = (
            error.strerror
            if isinstance(error, OSError)
            else f"it is not JSON: {output.one_line(str(error))}"
        )
        raise errors.UnreadableInput(
            f"{path} cannot be read: {reason}.", "Name a file with a JSON Schema."
        ) from error
    if isinstance(found, bool | dict):
        return found
    raise errors.UnreadableInput(
        f"{path} holds no JSON Schema.", "A schema is an object, or true or false."
    )


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _tell(found: "Verdict") -> None:
    output.echo(f"{found.verdict} ({found.mode})")
    output.echo(found.reason)
    if found.verdict != "yes":
        output.echo(f"Place: {output.one_line(found.path) or 'the whole schema'}")
    if found.witness is not None:
        output.echo(f"Witness{_SIDES.get(found.mode, '')}: {json.dumps(found.witness[0])}")
    output.echo(_NEXT[found.verdict])


def _plain(found: "Verdict") -> dict[str, object]:
    """A witness may be null itself: there is one exactly if the verdict is no."""
    return {
        "verdict": found.verdict,
        "mode": found.mode,
        "witness": None if found.witness is None else found.witness[0],
        "path": found.path,
        "reason": found.reason,
    }


contracts.add_command(check)
contracts.add_command(lock)
contracts.add_command(export)
contracts.add_command(catalog)
