"""`oort serve`: run the whole platform on this machine for its users."""

import ipaddress
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.running import RunOptions, Service, loaded, run
from oort.cli.wiring import platforms

_EPILOG = """\b
Exit codes:
  0 stopped by a signal, all running work finished
  1 could not start, or running work was cut off at the end
  64 usage, or oort.toml is missing
  74 the state was removed or replaced while the platform ran

\b
Examples:
  oort serve apps/cometbid
  oort serve apps/cometbid --behind-proxy --drain 1m
"""
_FILE = click.Path(path_type=Path, dir_okay=False)
_OPEN = (
    "{} can be reached from other machines, and HTTP is not encrypted: "
    "make sure that only the proxy can reach it."
)

if TYPE_CHECKING:
    from oort.rules.http.forwarding import Proxies

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@click.command(cls=Command, epilog=_EPILOG, short_help="Run the platform for its users.")
@options.path_argument
@options.port_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The IP address to listen on. Another one than the loopback needs --tls, --tls-local or --behind-proxy.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy with TLS is in front: accept every Host header, and any --host.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="NETWORK",
    help="The address or network of a proxy in front. Its X-Forwarded-For tells the client whose requests are limited. May be repeated.",
)
@click.option(
    "--tls",
    type=(_FILE, _FILE),
    metavar="CERT KEY",
    help="Speak HTTPS, TLS 1.3 only: a certificate with its chain, and its key, as PEM files.",
)
@click.option(
    "--tls-local",
    is_flag=True,
    help="Speak HTTPS with a certificate for this machine and each --name, by a local authority.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="A name that clients use; other Host headers get status 421. May be repeated.",
)
@click.option(
    "--drain",
    type=options.Length(),
    help="The time for running work at the end; by default the longest time-out of a function.",
)
@click.option(
    "--notice",
    type=options.Length(),
    help="The time between the signal, when readiness ends, and the end of the listener.",
)
@click.option("--no-throttle", is_flag=True, help="No limit for requests of a client.")
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    help="The format of the log; by default JSON, and text on a terminal.",
)
@options.workers_option
@options.state_option
def serve(
    *,
    path: Path,
    port: int,
    host: str,
    behind_proxy: bool,
    proxies: tuple[str, ...],
    tls: tuple[Path, Path] | None,
    tls_local: bool,
    names: tuple[str, ...],
    drain: timedelta | None,
    notice: timedelta | None,
    no_throttle: bool,
    log: str | None,
    workers: int | None,
    state: Path | None,
) -> None:
    """Run all services of the platform in PATH, the folder with oort.toml, until SIGTERM or Ctrl+C.
    This is `oort dev` for users instead of developers: it does not reload, makes no token, and has
    no pages with the API document.

    GET /_oort/health has status 200 while the process answers. GET /_oort/ready has status 200
    while the platform accepts work, else 503.

    After a signal, readiness is 503. The listener closes after --notice, further requests get
    status 503, and running work has the time of --drain. A second signal stops at once. No stop
    loses acknowledged work. The signal of a closed terminal, SIGHUP, is such a signal too, but under nohup.
    """
    if tls is not None and tls_local:
        raise click.BadParameter("choose one of --tls and --tls-local.", param_hint="--tls-local")
    is_secure = tls is not None or tls_local
    address = _address(host, is_open=behind_proxy or is_secure)
    service = Service(
        _names(names, is_any=behind_proxy or is_secure),
        drain=drain,
        notice=notice or timedelta(0),
        certificate=tls,
        local_names=_local_names(names, address) if tls_local else None,
        proxies=_proxies(proxies) if proxies else None,
    )
    form = log or ("text" if sys.stdout.isatty() else "json")
    run_options = RunOptions(
        path, state, inline=False, throttle=not no_throttle, log=form, service=service,
        workers=workers,
    )  # fmt: skip
    _run(run_options, port=port, address=address)


def _run(run_options: RunOptions, *, port: int, address: _Address) -> None:
    from oort.cli.wiring.listening import occupied

    with loaded(run_options) as (project, program, parent):
        folder = platforms.state_folder(project, run_options.state)
        with occupied(folder, port=port, host=str(address)) as (holder, listener):
            is_secure = run_options.service is not None and run_options.service.is_secure
            if not address.is_loopback and not is_secure:
                output.warn(_OPEN.format(address))
            run(program, run_options, folder=holder, listener=listener, workers=parent)


def _address(host: str, *, is_open: bool) -> _Address:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise click.BadParameter(
            f"{host!r} is not an IP address, such as 127.0.0.1 or 0.0.0.0.", param_hint="--host"
        ) from None
    if not address.is_loopback and not is_open:
        raise click.BadParameter(
            f"{address} can be reached from other machines, and HTTP is not encrypted. Add --tls "
            "CERT KEY; or put a proxy with TLS in front and add --behind-proxy.",
            param_hint="--host",
        )
    return address


def _proxies(networks: tuple[str, ...]) -> "Proxies":
    from oort.rules.http.forwarding import Proxies

    try:
        return Proxies([ipaddress.ip_network(network) for network in networks])
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. Write an address such as 127.0.0.1, or a network such as 10.0.0.0/8.",
            param_hint="--proxy",
        ) from None


def _names(names: tuple[str, ...], *, is_any: bool) -> frozenset[str]:
    """Return the accepted names; empty if every name is accepted.

    With TLS, a page of another origin cannot use its own name for this server: the certificate
    does not have it.
    """
    from oort.cli.wiring import embedded

    if is_any and not names:
        return frozenset()
    return frozenset(name.lower() for name in names) | embedded.LOOPBACK_NAMES


def _local_names(names: tuple[str, ...], address: _Address) -> frozenset[str]:
    every = frozenset(name.lower() for name in names)
    return every if address.is_unspecified else every | {str(address)}
