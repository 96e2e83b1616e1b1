"""`oort keys`: rotate the key that encrypts the store, and the key that signs tokens."""

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
    """Rotate the keys of the platform.

    The state of a platform is encrypted. Its key is outside the state folder: in a file of your
    configuration folder (oort/keys, readable only by you), or wherever the command in
    OORT_KEY_COMMAND reads it. Tokens are signed with a second key, in the state folder.
    """


@keys.command(
    cls=Command,
    epilog=_ROTATE_EPILOG,
    short_help="Encrypt the state, or sign tokens, with a new key.",
)
@options.path_argument
@click.option(
    "--signing", is_flag=True, help="Rotate the key that signs tokens; the platform may run."
)
@click.option("--at-once", is_flag=True, help="With --signing: refuse all older tokens now.")
@options.state_option
def rotate(*, path: Path, signing: bool, at_once: bool, state: Path | None) -> None:
    """Encrypt the state of the platform in PATH with a new key, and delete the old key. Stop the
    platform first. An interruption loses no data.

    With --signing, a new key signs tokens from now on. Tokens of the old key stay valid until they
    expire, at most a day. If the old key is stolen, use --at-once.
    """
    from oort.cli.wiring import embedded

    if at_once and not signing:
        raise click.BadParameter("this option needs --signing.", param_hint="--at-once")
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
