"""Run a loaded program in the foreground until a signal, for `oort dev` and `oort serve`.

The caller has the lock of the state folder and the listening socket.
"""

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from oort.app.programs import Program
from oort.cli import errors
from oort.cli.dev import supervising, welcome
from oort.cli.printing import opened_logs, output
from oort.cli.printing.logs import Log
from oort.cli.wiring import platforms
from oort.model import limits
from oort.model.errors import InvalidUse

if TYPE_CHECKING:
    import socket

    from oort.app.loading.projects import Project
    from oort.cli.dev.reload_children import Supervisor
    from oort.cli.dev.serving import Drain, End, Tls
    from oort.cli.wiring.embedded import Running
    from oort.cli.wiring.listening import StateFolder
    from oort.rules.http.forwarding import Proxies

_TOKEN_LIFETIME = timedelta(hours=12)
_LOCAL = "Clients need the local authority in {}: curl --cacert FILE."
_ENDS = ". SIGTERM ends the platform; running work has {} s."


@dataclass(frozen=True, slots=True)
class Service:
    """The options of `oort serve` that `oort dev` does not have.

    `names` are the accepted names of the Host header; without names, every name is accepted.
    `drain` is the time for running work after a signal; None covers the longest declared time-out.
    `certificate` is a file with a certificate and one with its key. `local_names` are the names of
    a certificate by a local authority; None means no such certificate. `proxies` tell the addresses
    of their clients.
    """

    names: frozenset[str]
    drain: timedelta | None
    notice: timedelta
    certificate: tuple[Path, Path] | None = None
    local_names: frozenset[str] | None = None
    proxies: "Proxies | None" = None

    @property
    def is_secure(self) -> bool:
        """True if the listener speaks TLS."""
        return self.certificate is not None or self.local_names is not None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of the command. Without `service`, the platform runs for its developer."""

    path: Path
    state: Path | None
    inline: bool
    throttle: bool
    log: str = "text"
    service: Service | None = None
    workers: int | None = None


@contextmanager
def loaded(
    run_options: RunOptions, *, writes_byte_code: bool = True
) -> "Iterator[tuple[Project, Program, socket.socket | None]]":
    """Load the program, and fork the parent of its workers before the first thread starts.

    Return the connection to the parent, or None if handlers run in this process. Byte code stores
    times in seconds, and would hide a quick change from a reload.
    """
    from oort.cli.wiring import embedded

    before, threads = embedded.open_files(), threading.enumerate()
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, not writes_byte_code
    project, program = platforms.load(run_options.path)
    sys.dont_write_bytecode = writes
    if run_options.inline:
        yield project, program, None
        return
    _check_workers(program, run_options.workers)
    _warn_of_threads(threads)
    prepare = opened_logs.of_worker(run_options.log)
    with embedded.workers_of(program, prepare=prepare, closing=before) as workers:
        yield project, program, workers


def _check_workers(program: Program, workers: int | None) -> None:
    """Raise InvalidUse if there are fewer worker processes than services: some would wait for ever."""
    services = len({function.service for function in program.model.functions})
    if workers is not None and workers < services:
        raise InvalidUse(
            f"--workers {workers} is too few: {output.counted(services, 'service')} need a process each.",
            f"Use --workers {services} or more.",
        )


def _warn_of_threads(before: Collection[threading.Thread]) -> None:
    """Warn of threads that modules of the program have started: worker processes do not have them."""
    names = [thread.name for thread in threading.enumerate() if thread not in before]
    if names:
        output.warn(
            f"The program started {output.counted(len(names), 'thread')} while it was loaded:"
            f" {', '.join(names[:3])}. Worker processes do not have them."
            " Start them in a provider instead."
        )


def run(
    program: Program,
    run_options: RunOptions,
    *,
    folder: "StateFolder",
    listener: "socket.socket",
    workers: "socket.socket | None",
    changed: str = "",
    supervisor: "Supervisor | None" = None,
) -> None:
    """Run the program on the state in the folder until a signal. `workers`: see `loaded`. `changed`
    is the file behind a reload."""
    from oort.cli.dev import serving

    service = run_options.service
    with opened_logs.opened(run_options.log) as (log, writer):
        folder.check()  # before files are made in a folder that is not the one of the lock
        tls = _tls(service, folder=folder, log=log)
        platform = _started(program, run_options, folder=folder, log=log, workers=workers)
        address = welcome.address(
            listener, folder.credentials, scheme="http" if tls is None else "https"
        )
        grace = _grace(program, service)

        def ready() -> None:
            platform.begin()
            if changed:
                log.say(f"Reloaded: {output.relative(changed)} changed.")
            elif service is not None or run_options.log == "json":
                log.say(_listening(address, service, grace=grace))
            else:
                _print_welcome(program, address, state=folder.path, hint=_hint(run_options))
            supervising.notify(supervising.READY)
            if supervisor is not None:
                supervisor.ready()

        end = serving.serve(
            platform.app, listener, ready=ready, stop=platform.stop, cut=platform.cut,
            say=log.say, grace=grace, failing=platform.lost, tls=tls,
            handing_over=serving.grace(inline=run_options.inline) if supervisor else None,
            drain=_drain(platform, service),
        )  # fmt: skip
        end = replace(end, was_cut=platform.was_cut)
        say = log.say if run_options.log == "json" or service is not None else writer.write
        for line in _last_lines(end, run_options, grace=grace):
            say(line)
        is_written = writer.close(within=opened_logs.PATIENCE)
    _end(end, is_written=is_written)


def _started(
    program: Program,
    run_options: RunOptions,
    *,
    folder: "StateFolder",
    log: Log,
    workers: "socket.socket | None",
) -> "Running":
    """Start the platform. A developer gets a token for every group, in a file for curl."""
    from oort.cli.wiring import embedded

    issuer = embedded.issuer_of(folder, platform=program.model.name)
    service = run_options.service
    platform = embedded.started(
        program,
        folder,
        issuer=issuer,
        log=log,
        inline=run_options.inline,
        throttle=run_options.throttle,
        place=f"-C {_hint(run_options)}",
        hosts=None if service is None else service.names,
        proxies=None if service is None else service.proxies,
        explored=service is None,
        workers=workers,
        most=run_options.workers or limits.WORKERS,
        folder=None if service is None else platforms.find(run_options.path).folder,
        log_form=run_options.log,
    )
    if service is None:
        token = issuer.issue(welcome.DEVELOPER, welcome.groups(program), _TOKEN_LIFETIME)
        embedded.write_private(folder.credentials, welcome.credentials(token))
    return platform


def _listening(address: welcome.Address, service: Service | None, *, grace: timedelta) -> str:
    ends = "" if service is None else _ENDS.format(f"{grace.total_seconds():g}")
    return f"Listening on {address.url}{ends}"


def _grace(program: Program, service: Service | None) -> timedelta:
    from oort.cli.dev import serving

    if service is None:
        return serving.GRACE
    return serving.longest(program) if service.drain is None else service.drain


def _drain(platform: "Running", service: Service | None) -> "Drain | None":
    from oort.cli.dev import serving

    if service is None:
        return None

    def begin() -> None:
        supervising.notify(supervising.STOPPING)
        platform.drain()

    return serving.Drain(
        notice=service.notice, begin=begin, refuse=platform.refuse, busy=platform.busy
    )


def _tls(service: Service | None, *, folder: "StateFolder", log: Log) -> "Tls | None":
    from oort.cli.dev import serving
    from oort.cli.wiring import embedded

    if service is None or not service.is_secure:
        return None
    names = service.local_names or frozenset()
    certificates = embedded.certificates(folder, service.certificate, names=names)
    if service.certificate is None:
        log.say(_LOCAL.format(output.relative(embedded.authority_of(folder))))
    if certificates.ends() < datetime.now(UTC):
        log.say(f"The certificate ended on {certificates.ends():%Y-%m-%d}; clients will refuse it.")

    def look() -> None:
        if news := certificates.renew():
            log.say(news)

    return serving.Tls(certificates.context, look)


def _last_lines(end: "End", run_options: RunOptions, *, grace: timedelta) -> Iterator[str]:
    if end.failure is not None:
        return
    if not end.finished or end.was_cut:
        # Without threads that hang, the end may have come long before that time.
        when = "" if end.finished else f" after {grace.total_seconds():g} s,"
        yield f"Stopped{when} while a handler still ran. If it had a message, that comes back."
    elif not end.handed_over and (run_options.log == "text" or run_options.service is not None):
        yield "Stopped. Nothing is lost: the next start goes on from here."


def _end(end: "End", *, is_written: bool) -> None:
    """Return, or raise the failure of the platform; end the process at once if threads are stuck.

    A thread that hangs, in a handler or in a write to a full pipe, would keep the process for ever.
    """
    if end.finished and is_written:
        if end.failure is not None:
            raise end.failure
        if end.was_cut:
            raise SystemExit(errors.NO)
        return
    code = 0 if end.finished else errors.NO
    if end.failure is not None:
        from oort.cli.dev.serving import finished

        failure, code = end.failure, errors.code_of(end.failure)
        explaining = finished(lambda: void(errors.explain(failure)), within=opened_logs.PATIENCE)
        asyncio.run(explaining)
    os._exit(code)


def void(_: object) -> None:
    """Return None: a result is not used."""


def _hint(run_options: RunOptions) -> str:
    """The options that other commands need to find this platform."""
    state = f" --state {output.relative(run_options.state)}" if run_options.state else ""
    return output.relative(platforms.find(run_options.path).folder) + state


def _print_welcome(program: Program, address: welcome.Address, *, state: Path, hint: str) -> None:
    for line in welcome.banner(program, url=address.url, state=state):
        output.echo(line)
    commands = welcome.commands(
        program, address, tag=secrets.token_hex(3), today=datetime.now(UTC).date()
    )
    if commands:
        output.echo("\n".join(["", "Try it", *commands]))
    output.echo(f"\n`oort traces {hint}` shows what happened.\n")
    sys.stdout.flush()
