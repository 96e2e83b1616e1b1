"""`oort keys`: the key that the platform's store is encrypted with."""

from pathlib import Path

import click

from oort.cli import output, platforms, words
from oort.cli.groups import Command, Group

_KEYS_EPILOG = """\b
Example:
  oort keys rotate apps/cometbid
"""
_ROTATE_EPILOG = """\b
Example:
  oort keys rotate apps/cometbid
"""


@click.group(cls=Group, epilog=_KEYS_EPILOG, short_help="Rotate the key of the encrypted state.")
def keys() -> None:
    """The state of a platform is encrypted. Its key is kept outside the state folder, in a file of your configuration folder
    (oort/keys, readable by you alone) or wherever the command in OORT_KEY_COMMAND gets it from.
    """


@keys.command(cls=Command, epilog=_ROTATE_EPILOG, short_help="Encrypt the state with a new key.")
@words.path_argument
@words.state_option
def rotate(path: Path, state: Path | None) -> None:
    """Encrypt the state of the platform in PATH with a new key, and forget the old one. The platform must be stopped. An
    interruption leaves everything readable.
    """
    from oort.cli import wiring

    folder = platforms.state_folder(platforms.find(path), state)
    wiring.rotate_key(folder)
    output.echo(f"{output.relative(folder)} is encrypted with a new key.")
