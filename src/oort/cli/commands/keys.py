"""`oort keys`: the key that the platform's store is encrypted with, and the one that signs its tokens."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command, Group
from oort.cli.printing import output
from oort.cli.wiring import platforms

_KEYS_EPILOG = """\b
Example:
  oort keys rotate apps/cometbid
"""
_ROTATE_EPILOG = """\b
Examples:
  oort keys rotate apps/cometbid
  oort keys rotate apps/cometbid --signing
"""


@click.group(cls=Group, epilog=_KEYS_EPILOG, short_help="Rotate the keys of state and tokens.")
def keys() -> None:
    """The state of a platform is encrypted. Its key is kept outside the state folder, in a file of your configuration folder
    (oort/keys, readable by you alone) or wherever the command in OORT_KEY_COMMAND gets it from. Tokens are signed with another
    key, in the state folder.
    """


@keys.command(
    cls=Command,
    epilog=_ROTATE_EPILOG,
    short_help="Encrypt the state, or sign tokens, with a new key.",
)
@options.path_argument
@click.option("--signing", is_flag=True, help="The key that signs tokens; the platform may run.")
@click.option(
    "--at-once", is_flag=True, help="With --signing: end every token that was signed before, now."
)
@options.state_option
def rotate(*, path: Path, signing: bool, at_once: bool, state: Path | None) -> None:
    """Encrypt the state of the platform in PATH with a new key, and forget the old one. The platform must be stopped. An
    interruption leaves everything readable.

    With --signing a new key signs tokens from now on. Those that the old one signed stay good until the last of them has
    ended, a day later; if the old key is in wrong hands, use --at-once.
    """
    from oort.cli.wiring import embedded

    if at_once and not signing:
        raise click.BadParameter("it goes with --signing.", param_hint="--at-once")
    project = platforms.find(path)
    folder = platforms.state_folder(project, state)
    if signing:
        embedded.rotate_signing_key(folder, platform=project.name, at_once=at_once)
        output.echo(
            f"Tokens are signed with a new key; those of the old one end {'now' if at_once else 'in a day'}."
        )
        return
    embedded.rotate_key(folder)
    output.echo(f"{output.relative(folder)} is encrypted with a new key.")
