"""`oort token`: a bearer token of the local issuer."""

from datetime import timedelta
from pathlib import Path

import click

from oort.cli import platforms, words
from oort.cli.groups import Command
from oort.model.errors import InvalidUse

_EPILOG = """\b
Example:
  curl -H "authorization: Bearer $(oort token --user ada --group support)" http://127.0.0.1:8000/accounts
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Print a token for private routes.")
@click.option("--user", required=True, metavar="NAME", help="Who calls: the id of the handler's Principal.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group the user is in; repeat it for more.")
@click.option(
    "--lifetime",
    type=words.Length(),
    default="1h",
    show_default=True,
    help="How long it is good, as 90s, 30m, 8h; at most 1d.",
)
@words.path_option
@words.state_option
def token(*, user: str, groups: tuple[str, ...], lifetime: timedelta, path: Path, state: Path | None) -> None:
    """Print a bearer token that the platform on this machine accepts, and nothing else. It is signed with the key in the
    platform's state folder; no other platform accepts it.
    """
    from oort.cli import wiring

    if not user.strip():
        raise click.BadParameter("a user has a name.", param_hint="--user")
    project = platforms.find(path)
    folder = platforms.state_folder(project, state)
    try:
        click.echo(wiring.token(folder, platform=project.name, user=user, groups=groups, lifetime=lifetime))
    except InvalidUse as error:
        raise click.UsageError(str(error)) from error
