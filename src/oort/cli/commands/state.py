"""`oort state`: save, load, list, verify and compact the state of a platform on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Group
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.cli.wiring.kept_states import SavedState

_EPILOG = """\b
Example:
  oort state save before-the-upgrade -C apps/cometbid
"""
_SAVE_EPILOG = """\b
Examples:
  oort state save -C apps/cometbid
  oort state save /mnt/backup/ --keep 14 -C apps/cometbid
"""
_LOAD_EPILOG = """\b
Example:
  oort state load before-the-upgrade -C apps/cometbid
"""
_LIST_EPILOG = """\b
Example:
  oort state list -C apps/cometbid
"""
_VERIFY_EPILOG = """\b
Exit codes:
  0 no problem, 1 problems, 64 usage or unreadable input

\b
Examples:
  oort state verify -C apps/cometbid
  oort state verify before-the-upgrade -C apps/cometbid
"""
_COMPACT_EPILOG = """\b
Example:
  oort state compact apps/cometbid
"""
_MIB = 1024 * 1024


@click.group(cls=Group, epilog=_EPILOG, short_help="Save, load, verify and compact the state.")
def state() -> None:
    """Save, load and verify the state of a platform on this machine, and make its file smaller.

    NAME is a folder beside the state folder; with a slash, a path. A saved state is encrypted
    with the key of the state, and does not contain the key: save the folder oort/keys of your
    configuration folder too, at another place. After `oort keys rotate` no key opens the states
    that were saved before.
    """


@state.command(epilog=_SAVE_EPILOG, short_help="Copy the state; the platform may run.")
@click.argument("name", default="")
@click.option(
    "--keep",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Then delete the oldest states of this platform in the same folder, but for NUMBER.",
)
@options.path_option
@options.json_option
@options.state_option
def save(*, name: str, keep: int | None, path: Path, as_json: bool, state: Path | None) -> None:
    """Save the state of the platform under NAME, by default the time; also after a path with a slash
    at the end. The platform may run: the copy has every write that was acknowledged before the
    command began. The copy is verified before its name exists, so a name stands for a complete
    copy. Interruptions leave no copy."""
    from oort.cli.wiring import kept_states

    project = platforms.find(path)
    saved = kept_states.save(platforms.state_folder(project, state), name, platform=project.name)
    removed = [] if keep is None else kept_states.thin_out(saved, keep=keep)
    if as_json:
        output.json({**_document(saved), "removed": [str(folder) for folder in removed]})
    else:
        for folder in removed:
            output.echo(f"Deleted {output.relative(folder)}.")
        place = output.relative(saved.folder.path)
        output.echo(f"Saved {_size(saved.size)} in {place}. The copy is verified.")


@state.command(epilog=_LOAD_EPILOG, short_help="Put a saved state in place of the state.")
@click.argument("name")
@options.path_option
@options.state_option
def load(*, name: str, path: Path, state: Path | None) -> None:
    """Put the saved state NAME in place of the state, and keep the old state beside it. Stop the
    platform first. The saved state is verified, and must be of this platform, of a version that
    this Oort knows, and readable for the program in PATH. Nothing is changed otherwise.

    Signing keys, API keys and revoked tokens stay as they are; those of the saved state are used
    only where there are none. Messages and schedules continue as at the time of the save:
    messages that were handled after it are delivered again."""
    from oort.cli.wiring import kept_states

    project, program = platforms.load(path)
    old = kept_states.load(program, platforms.state_folder(project, state), name)
    output.echo(f"{name} is loaded.")
    if old is not None:
        output.echo(f"The old state is in {output.relative(old)}; delete it when it is not needed.")


@state.command("list", epilog=_LIST_EPILOG, short_help="List the saved states.")
@click.argument("folder", default="")
@options.path_option
@options.json_option
@options.state_option
def list_(*, folder: str, path: Path, as_json: bool, state: Path | None) -> None:
    """List the saved states in FOLDER, by default those saved under a name, the oldest first."""
    from oort.cli.wiring import kept_states

    project = platforms.find(path)
    states = kept_states.saved(platforms.state_folder(project, state), folder)
    if as_json:
        output.json([_document(saved) for saved in states])
    elif states:
        rows = [
            (
                saved.name,
                f"{saved.saved.astimezone():%Y-%m-%d %H:%M:%S}",
                saved.platform,
                str(saved.version),
                _size(saved.size),
            )
            for saved in states
        ]
        headings = ("NAME", "SAVED", "PLATFORM", "VERSION", "SIZE")
        output.table(headings, rows, right=frozenset({3, 4}))
    else:
        output.echo("There are no saved states.")


@state.command(epilog=_VERIFY_EPILOG, short_help="Check the state, or a saved one.")
@click.argument("name", default="")
@options.path_option
@options.json_option
@options.state_option
@click.pass_context
def verify(ctx: click.Context, *, name: str, path: Path, as_json: bool, state: Path | None) -> None:
    """Read every page of the state, or of the saved state NAME, and check that the program in PATH
    can continue from it: indexes, the form of stored items, messages and their leases. Nothing
    is changed. The platform may run."""
    from oort.cli.wiring import kept_states

    project, program = platforms.load(path)
    problems = kept_states.problems(program, platforms.state_folder(project, state), name)
    if as_json:
        output.json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            output.echo(problem)
        output.echo(
            f"{output.counted(len(problems), 'problem')}. Load a saved state: oort state list."
            if problems
            else "No problems."
        )
    ctx.exit(errors.NO if problems else 0)


@state.command(epilog=_COMPACT_EPILOG, short_help="Give unused space back to the disk.")
@options.path_argument
@options.state_option
def compact(*, path: Path, state: Path | None) -> None:
    """Write the state of the platform in PATH anew, without the space of deleted rows. Stop the
    platform first. The disk needs room for a second copy. An interruption changes nothing."""
    from oort.cli.wiring import kept_states

    project = platforms.find(path)
    before, after = kept_states.compact(platforms.state_folder(project, state))
    output.echo(f"The state had {_size(before)}, and has {_size(after)}.")


def _document(saved: "SavedState") -> dict[str, object]:
    return {
        "name": saved.name,
        "path": str(saved.folder.path),
        "platform": saved.platform,
        "version": saved.version,
        "saved": saved.saved.isoformat(),
        "bytes": saved.size,
    }


def _size(number: int) -> str:
    return f"{number / _MIB:.1f} MB"
