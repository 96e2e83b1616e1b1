"""`oort api-keys`: how machines say who they are."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command, Group
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.errors import InvalidUse

_EPILOG = """\b
Examples:
  oort api-keys create robot --group support -C apps/cometbid
  oort api-keys list -C apps/cometbid
"""
_CREATE_EPILOG = """\b
Example:
  curl -H "x-api-key: $(oort api-keys create robot --group support)" http://127.0.0.1:8000/accounts
"""
_LIST_EPILOG = """\b
Example:
  oort api-keys list --json
"""
_REVOKE_EPILOG = """\b
Example:
  oort api-keys revoke robot
"""


@click.group("api-keys", cls=Group, epilog=_EPILOG, short_help="Make and revoke keys for machines.")
def api_keys() -> None:
    """A machine sends its key in the header x-api-key. To handlers it is the Principal `key:NAME`, with the key's groups. A
    key is shown once; only its hash is kept, in the state folder. A platform that runs notices every change at once.
    """


@api_keys.command(cls=Command, epilog=_CREATE_EPILOG, short_help="Make a key and print it.")
@click.argument("name")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="A group the key is in; repeat it for more.",
)
@options.path_option
@options.state_option
def create(*, name: str, groups: tuple[str, ...], path: Path, state: Path | None) -> None:
    """Make the API key NAME and print it, and nothing else. It cannot be shown again."""
    from oort.cli.wiring import embedded

    folder = platforms.state_folder(platforms.find(path), state)
    try:
        click.echo(embedded.api_keys(folder).create(name, groups=groups))
    except InvalidUse as error:
        raise click.UsageError(str(error)) from error


@api_keys.command("list", cls=Command, epilog=_LIST_EPILOG, short_help="List the keys.")
@options.path_option
@options.json_option
@options.state_option
def show(*, path: Path, as_json: bool, state: Path | None) -> None:
    """List the names, groups and ages of all API keys."""
    from oort.cli.wiring import embedded

    keys = embedded.api_keys(platforms.state_folder(platforms.find(path), state)).every()
    if as_json:
        output.json(
            [{"name": one.name, "groups": one.groups, "created": one.created} for one in keys]
        )
        return
    for one in keys:
        groups = f"  in {', '.join(one.groups)}" if one.groups else ""
        output.echo(f"{one.name}  since {one.created:%Y-%m-%d}{groups}")
    if not keys:
        output.echo("There are no API keys.")


@api_keys.command(cls=Command, epilog=_REVOKE_EPILOG, short_help="Refuse a key from now on.")
@click.argument("name")
@options.path_option
@options.state_option
def revoke(*, name: str, path: Path, state: Path | None) -> None:
    """Refuse the API key NAME from now on."""
    from oort.cli.wiring import embedded

    embedded.api_keys(platforms.state_folder(platforms.find(path), state)).revoke(name)
    output.echo(f"The API key {name} is refused from now on.")
