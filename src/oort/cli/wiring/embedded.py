"""Compose the embedded engine for the commands: store, state, issuer and engine.

A command that reads or invokes works beside a running platform: it takes no lock and delivers no
messages.
"""

import os
import socket
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from oort.app.programs import Program
from oort.cli.dev import fixed_pages
from oort.cli.dev.one_at_a_time import one_at_a_time
from oort.cli.printing import output
from oort.cli.printing.logs import Log
from oort.cli.wiring import version_process
from oort.cli.wiring.admin import Admin
from oort.engine.engine import Engine
from oort.engine.entropy import SystemEntropy
from oort.engine.gateway import heads
from oort.engine.gateway.answers import InThreads, InWorkers
from oort.engine.gateway.asgi import GatewayApp, LivePage
from oort.engine.gateway.certificates import AUTHORITY, Certificates, Files, local
from oort.engine.gateway.health import Health
from oort.engine.identity import discovery_pages
from oort.engine.identity.api_keys import ApiKeys
from oort.engine.identity.issuer import Issuer, issuer_url
from oort.engine.services.secrets import Secrets
from oort.engine.services.tables import Tables
from oort.engine.services.traces import Traces
from oort.engine.state import shared_files
from oort.engine.state.folder import StateFolder, held, open_state
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import key_of, rotate, unlock
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.writability import Writability
from oort.engine.threads import Threads
from oort.engine.versions.live import LiveVersions
from oort.engine.workers import loading, parent, worker
from oort.engine.workers.invoker import Workers
from oort.model import limits
from oort.model.errors import InvalidToken, WrongState
from oort.model.http import FixedPage
from oort.model.invocations import Principal
from oort.rules import secrets
from oort.rules.http.forwarding import Proxies
from oort.runtime.system import SystemClock

REQUEST_THREADS = 64
CONSUMER_THREADS = 16
LOOPBACK_NAMES = heads.LOOPBACK


class Nobody:
    """The identity for engines that get no requests."""

    def verify(self, token: str) -> Principal:  # noqa: ARG002  the port's signature
        """Refuse every token. See `ports.identity`."""
        raise InvalidToken("No token is valid here.")

    holder = verify

    def revoke(self, token: str) -> None:
        """Refuse every token. See `ports.identity`."""
        self.verify(token)


@dataclass(frozen=True, slots=True)
class Running:
    """A platform that delivers messages and can answer requests."""

    app: GatewayApp
    _engine: Engine
    _store: GroupCommitStore
    _health: Health
    _versions: LiveVersions | None = None
    _admin: Admin | None = None

    def drain(self) -> None:
        """Be not ready from now on; requests are answered still."""
        self._health.drain()

    def refuse(self) -> None:
        """Answer new requests with status 503, and begin no other deliveries."""
        self.app.refuse()
        self._engine.wind_down()
        if self._versions is not None:
            self._versions.wind_down()

    def busy(self) -> bool:
        """True while a request runs."""
        return self.app.is_busy()

    def begin(self) -> None:
        """Let the running event loop serve the worker processes, if there are any."""
        if self._engine.workers is not None:
            self._engine.workers.begin()
        if self._versions is not None and self._admin is not None:
            self._versions.serve(self.app.use)
            self._admin.begin()

    def lost(self) -> Exception | None:
        """Return the reason if the state or the workers are gone; the platform must end then."""
        workers = self._engine.workers
        if self._versions is not None:
            return self._store.lost() or self._versions.look()
        return self._store.lost() or (workers.failure if workers is not None else None)

    @property
    def was_cut(self) -> bool:
        """True if a handler was ended for the end of the platform."""
        if self._versions is not None:
            return self._versions.was_cut
        return self._engine.workers is not None and self._engine.workers.was_cut

    def cut(self) -> bool:
        """End the handlers that still run. False if that is not possible: they are threads."""
        if self._engine.workers is None:
            return False
        if self._versions is not None:
            self._versions.cut()
        else:
            self._engine.workers.cut()
        return True

    def stop(self) -> None:
        """Wait for running requests and deliveries; then close the environments and the store."""
        if self._admin is not None:
            self._admin.end()
        self.app.close()
        if self._versions is not None:
            self._versions.wind_down()
        self._engine.stop()
        if self._versions is not None:
            self._versions.close()
        self._store.close()


def workers_of(
    program: Program, *, prepare: worker.Prepare, closing: Collection[int] = ()
) -> socket.socket:
    """Fork the parent of the program's workers, and return the connection to it.

    Call it before the first thread starts. `prepare` sets up the log of each worker. `closing` are
    descriptors that no worker may have, see `open_files`.
    """
    return parent.fork(
        lambda connection, claims, ending: worker.main(
            program, connection, claims, ending, prepare=prepare
        ),
        closing=closing,
    )


open_files = parent.descriptors


def started(
    program: Program,
    state: StateFolder,
    *,
    issuer: Issuer,
    log: Log,
    inline: bool,
    throttle: bool = True,
    place: str = "",
    hosts: Collection[str] | None = None,
    proxies: Proxies | None = None,
    explored: bool = True,
    workers: socket.socket | None = None,
    most: int = limits.WORKERS,
    folder: Path | None = None,
    log_form: str = "text",
) -> Running:
    """Start a platform on the state; the caller has its lock.

    With `inline`, one handler runs at a time, without a time limit for debuggers. `place` holds the
    options that other commands need to find the platform: `-C PATH`. `hosts` are the accepted names
    of the Host header, by default those of the loopback; empty accepts every name. `proxies` are in front of the platform. Only if
    `explored`, there are pages with the API document. `workers` is the connection to the parent of at
    most `most` workers. With a `folder` of the sources, a second version can be live.
    """
    store = GroupCommitStore(state.database, key=unlock(state, _keys()), beside=(state.lock,))
    state.settle()
    engine = Engine(
        one_at_a_time(program) if inline else program,
        store=store,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        identity=issuer,
        threads=1 if inline else CONSUMER_THREADS,
        report=log.delivery,
        failed=log.failed,
        throttling="all" if throttle else "none",
        timed=not inline,
        workers=Workers(workers, lambda text: _write(engine, log, text), most) if workers else None,
    )
    health = _health(store)
    pages: dict[str, FixedPage | LivePage] = {**discovery_pages.of(issuer)}
    if explored:
        pages |= fixed_pages.of(program, place=place, say=log.say)
    app = _application(engine, pages, health, log=log, inline=inline, hosts=hosts, proxies=proxies)
    versions = _versions(engine, folder, state, log=log, form=log_form) if folder else None
    engine.start()
    _say_what_waits(engine, log=log, place=place)
    admin = Admin(state.path, versions) if versions else None
    return Running(app, engine, store, health, versions, admin)


def _application(
    engine: Engine,
    pages: dict[str, FixedPage | LivePage],
    health: Health,
    *,
    log: Log,
    inline: bool,
    hosts: Collection[str] | None,
    proxies: Proxies | None,
) -> GatewayApp:
    return GatewayApp(
        engine.gateway,
        answers=_answers(engine, inline=inline),
        access=log.access,
        pages=pages,
        timed=not inline,
        hosts=heads.LOOPBACK if hosts is None else hosts,
        proxies=proxies,
        health=health,
    )


def _write(engine: Engine, log: Log, text: str) -> None:
    log.written(text, version=engine.gateway.version)


def _versions(
    engine: Engine, folder: Path, state: StateFolder, *, log: Log, form: str
) -> LiveVersions:
    versions = LiveVersions(
        engine,
        folder=folder,
        state=state.path,
        load=lambda sources: loading.start(version_process.__name__, (str(sources), form)),
        line=lambda version, text: log.written(text, version=version),
        say=log.say,
    )
    versions.restore()
    return versions


def _answers(engine: Engine, *, inline: bool) -> InThreads | InWorkers:
    if engine.workers is not None:
        return InWorkers(engine.gateway, engine.workers)
    return InThreads(engine.gateway, Threads(1 if inline else REQUEST_THREADS))


def _health(store: GroupCommitStore) -> Health:
    """Return the state of the platform. StateLost is noticed by the store, without a look here."""
    writability = Writability(store, tick=SystemClock().tick)
    return Health(lambda: "" if writability.is_writable() else "The state cannot be written.")


def _say_what_waits(engine: Engine, *, log: Log, place: str) -> None:
    """Log parked messages and missing secrets."""
    for queue, count in engine.released.items():
        log.say(
            f"{queue}: {output.counted(count, 'parked message')} can be read now and will be delivered."
        )
    for queue, count in engine.ports.parking.counts().items():
        log.say(
            f"{queue}: {output.counted(count, 'parked message')} cannot be read yet: oort events parked"
        )
    for secret in engine.ports.secrets.states():
        if secret.changed is None:
            log.say(f"{secret.name} has no value: {secrets.command(secret.name, place=place)}")


@contextmanager
def at_rest(program: Program, folder: Path) -> Iterator[Engine]:
    """Open the engine on the platform's state to read. WrongState if the platform never ran."""
    with _opened(existing(folder)) as store:
        yield Engine(
            program, store=store, clock=SystemClock(), entropy=SystemEntropy(), identity=Nobody()
        )


def check(program: Program, state: StateFolder) -> None:
    """Raise StateUnusable if the program would misread the stored items."""
    with _opened(state) as store:
        Tables(store, platform=program.model, clock=SystemClock()).check()


@contextmanager
def invocable(program: Program, folder: Path) -> Iterator[tuple[Engine, Issuer]]:
    """Open the engine and its issuer on the platform's state. Create the state if missing."""
    state = open_state(folder)
    issuer = issuer_of(state, platform=program.model.name)
    with _opened(state) as store:
        engine = Engine(
            program, store=store, clock=SystemClock(), entropy=SystemEntropy(), identity=issuer
        )
        engine.ports.tables.check()
        try:
            yield engine, issuer
        finally:
            engine.invoker.close()


@contextmanager
def kept_secrets(program: Program, folder: Path) -> Iterator[Secrets]:
    """Open the secrets in the platform's state. Create the state if missing."""
    with _opened(open_state(folder)) as store:
        yield Secrets(store, platform=program.model, clock=SystemClock())


@contextmanager
def recorded(folder: Path) -> Iterator[Traces]:
    """Open the traces in the state folder. WrongState if the platform never ran."""
    with _opened(existing(folder)) as store:
        yield Traces(store)


def issuer_of(state: StateFolder, *, platform: str) -> Issuer:
    """Return the platform's issuer. The first use makes its key."""
    return Issuer(state.path, issuer_url(platform), SystemClock())


def token(
    folder: Path, *, platform: str, user: str, groups: Iterable[str], lifetime: timedelta
) -> str:
    """Return a token for the user. InvalidUse if the lifetime is longer than a day."""
    return issuer_of(open_state(folder), platform=platform).issue(user, groups, lifetime)


def revoke(folder: Path, *, platform: str, token: str) -> None:
    """Refuse the token from now on, also in a running platform. InvalidToken if it is invalid
    already."""
    issuer_of(open_state(folder), platform=platform).revoke(token)


def rotate_signing_key(folder: Path, *, platform: str, at_once: bool) -> None:
    """Sign with a new key, also in a running platform.

    Older tokens stay valid for a day; `at_once` ends them now.
    """
    issuer_of(open_state(folder), platform=platform).rotate(at_once=at_once)


def certificates(
    state: StateFolder, given: tuple[Path, Path] | None, *, names: Iterable[str]
) -> Certificates:
    """Return the given certificate and key, else those of a local authority in the state folder."""
    if given is not None:
        return Certificates(Files(*given))
    return Certificates(local(state.path, names=names, now=SystemClock().now))


def authority_of(state: StateFolder) -> Path:
    """Return the file with the certificate of the local authority."""
    return state.path / AUTHORITY


def api_keys(folder: Path) -> ApiKeys:
    """Return the API keys of the platform."""
    return ApiKeys(open_state(folder).path, SystemClock())


def rotate_key(folder: Path) -> None:
    """Encrypt the platform's store with a new key. StateUnusable while the platform runs."""
    state = existing(folder)
    with held(state) as holder:
        rotate(holder, _keys())


def write_private(file: Path, text: str) -> None:
    """Write a file of the state folder durably, readable only for its owner."""
    shared_files.replace(file, text.encode())


def existing(folder: Path) -> StateFolder:
    """Return the state in the folder.

    WrongState if missing: only a running platform makes it. StateLost if it is gone.
    """
    state = StateFolder(folder)
    state.check()
    if not state.database.exists():
        raise WrongState(
            f"There is no state in {output.relative(folder)} yet.",
            "Start the platform once: oort dev.",
        )
    return state


def _keys() -> Keys:
    """Return the location of this user's keys."""
    return Keys(os.environ)


@contextmanager
def _opened(state: StateFolder) -> Iterator[DirectStore]:
    key = key_of(state, _keys())
    store = DirectStore(state.database, key=key)
    try:
        if key is not None:  # else a platform of an older version runs
            state.settle()
        yield store
    finally:
        store.close()
