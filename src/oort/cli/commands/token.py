"""`oort token`: a bearer token of the local issuer, or the end of one."""

import sys
from datetime import timedelta
from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.errors import InvalidUse

_EPILOG = """\b
Examples:
  curl -H "authorization: Bearer $(oort token --user ada --group support)" http://127.0.0.1:8000/accounts
  oort token --revoke - < stolen-token.txt
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Print a token for private routes.")
@click.option("--user", metavar="NAME", help="Who calls: the id of the handler's Principal.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="A group the user is in; repeat it for more.",
)
@click.option(
    "--lifetime",
    type=options.Length(),
    default="1h",
    show_default=True,
    help="How long it is good, as 90s, 30m, 8h; at most 1d.",
)
@click.option(
    "--revoke", metavar="TOKEN", help="Refuse this token from now on; - reads it from stdin."
)
@options.path_option
@options.state_option
def token(
    *,
    user: str | None,
    groups: tuple[str, ...],
    lifetime: timedelta,
    revoke: str | None,
    path: Path,
    state: Path | None,
) -> None:
    """Print a bearer token that the platform on this machine accepts, and nothing else. It is signed with the key in the
    platform's state folder; no other platform accepts it.

    With --revoke a token ends before its time, also in a platform that runs, as it does for whoever sends it to
    POST /_oort/logout.
    """
    from oort.cli.wiring import embedded

    if revoke is None and not (user or "").strip():
        raise click.BadParameter("a user has a name.", param_hint="--user")
    project = platforms.find(path)
    folder = platforms.state_folder(project, state)
    if revoke is not None:
        embedded.revoke(folder, platform=project.name, token=_read(revoke))
        output.echo("The token is refused from now on.")
        return
    try:
        click.echo(
            embedded.token(
                folder, platform=project.name, user=user or "", groups=groups, lifetime=lifetime
            )
        )
    except InvalidUse as error:
        raise click.UsageError(str(error)) from error


def _read(given: str) -> str:
    return (sys.stdin.read() if given == "-" else given).strip()
