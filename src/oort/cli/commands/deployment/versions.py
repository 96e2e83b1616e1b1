"""`oort versions`: let two versions of a platform be live at once, each with a share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli.arguments import options
from oort.cli.groups import Group
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.cli.wiring.admin import Order, VersionState

_EPILOG = """\b
Examples:
  oort versions add next ../cometbid-next --share 10 -C apps/cometbid
  oort versions share next 50 -C apps/cometbid
  oort versions remove next -C apps/cometbid
"""
_ADD_EPILOG = """\b
Example:
  oort versions add next ../cometbid-next --share 10 --service email -C apps/cometbid
"""
_SHARE_EPILOG = """\b
Examples:
  oort versions share next 50 -C apps/cometbid
  oort versions share next 0 -C apps/cometbid
"""
_LIST_EPILOG = """\b
Example:
  oort versions list apps/cometbid
"""
_REMOVE_EPILOG = """\b
Example:
  oort versions remove next -C apps/cometbid
"""
_PERCENT = click.IntRange(0, 100)
_services = click.option(
    "--service",
    "services",
    multiple=True,
    metavar="SERVICE",
    help="A service that this is about; by default all of the version. May be repeated.",
)


@click.group(cls=Group, epilog=_EPILOG, short_help="Let two versions share the requests.")
def versions() -> None:
    """Let two versions of a platform be live at once: the program of `oort serve`, with the
    name main, and another folder of sources. For each request, each batch of messages and each
    call a version is drawn by its share."""


@versions.command(
    "list", epilog=_LIST_EPILOG, short_help="Show the live versions and their shares."
)
@options.path_argument
@options.json_option
@options.state_option
def list_(*, path: Path, as_json: bool, state: Path | None) -> None:
    """Show the live versions of the running platform in PATH, with their shares of each service in
    percent."""
    from oort.cli.wiring.admin import ShowVersions

    _ask(path, state, ShowVersions(), as_json=as_json)


@versions.command(epilog=_ADD_EPILOG, short_help="Load a second version.")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--share",
    type=_PERCENT,
    default=0,
    show_default=True,
    metavar="PERCENT",
    help="Its share of requests, messages and calls.",
)
@_services
@options.path_option
@options.state_option
def add(
    *,
    name: str,
    folder: Path,
    share: int,
    services: tuple[str, ...],
    path: Path,
    state: Path | None,
) -> None:
    """Load the sources in FOLDER as the version NAME, beside the running version main. If they have
    mistakes, or if the versions would misread each other, the version is refused.

    Both versions are live after the next start, too.
    """
    from oort.cli.wiring.admin import AddVersion

    _ask(path, state, AddVersion(name, str(folder.absolute()), share, services))


@versions.command(epilog=_SHARE_EPILOG, short_help="Change the share of a version.")
@click.argument("name")
@click.argument("percent", type=_PERCENT)
@_services
@options.path_option
@options.state_option
def share(
    *, name: str, percent: int, services: tuple[str, ...], path: Path, state: Path | None
) -> None:
    """Give the version NAME this share of further requests, messages and calls, and the rest to the
    other version. With 0, only running invocations finish there."""
    from oort.cli.wiring.admin import ShareVersion

    _ask(path, state, ShareVersion(name, percent, services))


@versions.command(epilog=_REMOVE_EPILOG, short_help="End a version.")
@click.argument("name")
@options.path_option
@options.state_option
def remove(*, name: str, path: Path, state: Path | None) -> None:
    """Give the share of the version NAME to main, wait up to a minute for running invocations, and end
    the version."""
    from oort.cli.wiring.admin import RemoveVersion

    _ask(path, state, RemoveVersion(name))


def _ask(path: Path, state: Path | None, order: "Order", *, as_json: bool = False) -> None:
    from oort.cli.wiring import admin

    live = admin.ask(platforms.state_folder(platforms.find(path), state), order)
    if as_json:
        output.json([
            {"version": version.name, "folder": version.folder, "shares": dict(version.shares),
             "ended": version.ended}
            for version in live
        ])  # fmt: skip
        return
    names = sorted({service for version in live for service in version.shares})
    rows = [(service, *(_share(version, service) for version in live)) for service in names]
    right = frozenset(range(1, len(live) + 1))
    output.table(("SERVICE", *(version.name for version in live)), rows, right=right)
    output.echo()
    for version in live:
        ended = "; its processes have ended" if version.ended else ""
        output.echo(f"{version.name} is {output.relative(version.folder)}{ended}")


def _share(version: "VersionState", service: str) -> str:
    return f"{version.shares[service]} %" if service in version.shares else "-"
