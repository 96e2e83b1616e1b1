"""The live versions of a running platform: add one, change its share, remove it.

A change is a single step, or fails without effect. Changes come in turn, from any thread but that of the event loop.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from oort.engine.engine import Engine
from oort.engine.gateway.answers import Answers
from oort.engine.gateway.calls import Admitting
from oort.engine.versions import kept
from oort.engine.versions.dividing import (
    Divided,
    DividedAnswers,
    DividedConsumers,
    DividedGateway,
    Division,
    divided,
)
from oort.engine.versions.kept import KeptVersion
from oort.engine.workers.invoker import Workers
from oort.engine.workers.loading import Loaded
from oort.model.errors import InvalidUse, NotFoundHere, OortError, StateUnusable
from oort.model.platform import PlatformModel
from oort.model.versions import FIRST, LiveVersion
from oort.rules import versions as rules

WHOLE = 100  # the shares of two versions together
_PAUSE = 0.05  # seconds between two looks at running invocations
_CLOSING = 5.0  # seconds for a change to finish at the end of the platform
_LOOP = 30.0  # seconds for a busy event loop to change the versions


Use: TypeAlias = Callable[[Admitting, Answers], None]
"""Lets the server use these from the next request on."""


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version for its operator. `ended` is true if its processes are lost."""

    name: str
    folder: str
    shares: Mapping[str, int]
    ended: bool = False


class LiveVersions:
    """The versions of an engine with workers. At most two, as behind an alias of Lambda.

    `load` loads the sources in a folder. `say` receives news for the operator.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        folder: Path,
        state: Path,
        load: Callable[[Path], Loaded],
        line: Callable[[str, str], None],
        say: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._state = state
        self._load = load
        self._line = line
        self._say = say
        self._use: Use | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        model = engine.program.model
        shares = {service.name: WHOLE for service in model.services}
        oldest = divided(LiveVersion(FIRST, model, shares), engine.first)
        self._division = Division(oldest, entropy=engine.entropy)
        self._gateway = DividedGateway(self._division)
        self._folders = {FIRST: str(folder)}
        self._loaded: dict[str, Loaded] = {}
        self._model = model
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_divided = False  # once true, it stays true: admitted requests name their version

    # -- the operator's side

    def states(self) -> list[VersionState]:
        """Return the versions, oldest first."""
        return [
            VersionState(
                each.version.name,
                self._folders[each.version.name],
                each.version.shares,
                each.invoker.failure is not None,
            )
            for each in self._division.live
        ]

    def add(self, name: str, folder: Path, *, share: int, services: Collection[str] = ()) -> None:
        """Load a second version with a share, in percent, of the services; of all by default.

        StateUnusable if the load fails, or if the versions would misread each other. InvalidUse for an
        impossible name or share, or if two versions are live.
        """
        with self._changing():
            rules.check_name(name)
            if len(self._division.live) > 1:
                names = " and ".join(each.version.name for each in self._division.live)
                raise InvalidUse(
                    f"Two versions are live: {names}.",
                    "Remove one first: oort versions remove NAME.",
                )
            if name in self._folders:
                raise InvalidUse(f"There is a version {name} already.", "Choose another name.")
            with self._loading(name, folder) as loaded:
                new = LiveVersion(name, loaded.model, {})
                second = _percent(new, share, services)
                oldest = self._division.live[0]
                first = replace(oldest.version, shares=_rest(oldest.version, second))
                self._apply([first, replace(new, shares=second)], loaded=loaded)
            self._say(f"The version {name} is live: {self._shares_of(name)}.")

    def share(self, name: str, share: int, *, services: Collection[str] = ()) -> None:
        """Give a version a share, in percent, of the services, and the rest to the other version.

        By default of all services that the version has. Running invocations finish in their version.
        """
        with self._changing():
            changed = self._known(name)
            if changed.invoker.failure is not None:
                raise InvalidUse(
                    f"The processes of the version {name} have ended.",
                    f"Remove it, and add it again: oort versions remove {name}.",
                )
            if len(self._division.live) == 1:
                raise InvalidUse(f"{name} is the only version.", "Add one: oort versions add.")
            changes = _percent(changed.version, share, services)
            self._apply(
                [
                    replace(each.version, shares={**each.version.shares, **changes})
                    if each is changed
                    else replace(each.version, shares=_rest(each.version, changes))
                    for each in self._division.live
                ]
            )
            self._say(f"The shares have changed: {self._shares_of(name)}.")

    def remove(self, name: str, *, within: float = 60.0) -> None:
        """Give the share of a version to the other, wait for running invocations, and end the version.

        After `within` seconds, running invocations are cut off.
        """
        with self._changing():
            removed = self._known(name)
            if name == FIRST:
                raise InvalidUse(
                    f"{FIRST} is the program with which the platform was started.",
                    "Give it no share; or start the platform with the other program.",
                )
            undivided = self._division.live[0].version
            undivided = replace(undivided, shares=_all(undivided.model, WHOLE))
            nothing = replace(removed.version, shares=_all(removed.version.model, 0))
            self._apply([undivided, nothing])
            end = time.monotonic() + within
            while removed.invoker.is_busy() and time.monotonic() < end:
                time.sleep(_PAUSE)
            self._apply([undivided])
            self._forget(name, removed)
            self._say(f"The version {name} has ended.")

    # -- the platform's side

    def restore(self) -> None:
        """Load the versions that were live when the platform stopped. Before the engine starts.

        A version that cannot be loaded is left out if the other has a share of all services.
        StateUnusable otherwise, or if another program was started.
        """
        recorded = kept.read(self._state)
        if len(recorded) < 2:
            return
        first, second = recorded[0], recorded[1]
        if first.folder != self._folders[FIRST]:
            raise StateUnusable(
                f"The services are shared by {first.name} in {first.folder} and {second.name} in "
                f"{second.folder}, and this is {self._folders[FIRST]}.",
                f"Start {first.folder}; or delete {self._state / kept.FILE} to start with one version.",
            )
        oldest = self._division.live[0].version
        shares = {name: first.shares.get(name, WHOLE) for name in oldest.shares}
        try:
            with self._loading(second.name, Path(second.folder)) as loaded:
                granted = {service.name: 0 for service in loaded.model.services}
                granted |= {name: share for name, share in second.shares.items() if name in granted}
                live = [
                    replace(oldest, shares=shares),
                    LiveVersion(second.name, loaded.model, granted),
                ]
                self._apply(live, loaded=loaded, is_new=False)
        except OortError as error:
            if not all(shares.values()):
                raise
            self._say(f"The version {second.name} is not live, and {FIRST} has its share. {error}")

    def serve(self, use: Use) -> None:
        """Serve all versions by the running event loop from now on."""
        self._use, self._loop = use, asyncio.get_running_loop()
        self._set(self._division.live)

    def look(self) -> Exception | None:
        """Notice the loss of processes. Return the reason if nobody can take the share.

        Called by the event loop, several times a second.
        """
        for each in self._division.live:
            if each.invoker.failure is None or not any(each.version.shares.values()):
                continue
            name, oldest = each.version.name, self._division.live[0]
            if each is oldest:
                return each.invoker.failure
            undivided = replace(oldest.version, shares=_all(oldest.version.model, WHOLE))
            nothing = replace(each.version, shares=_all(each.version.model, 0))
            self._set((replace(oldest, version=undivided), replace(each, version=nothing)))
            self._say(
                f"The processes of the version {name} have ended, and {FIRST} has its "
                f"share. `oort versions remove {name}` forgets it; the next start loads it again."
            )
        return None

    def wind_down(self) -> None:
        """Let the batches of the further versions end after their current messages."""
        for each in self._division.live[1:]:
            each.invoker.wind_down()

    def cut(self) -> None:
        """Kill the processes of all running invocations. Called by the event loop."""
        for each in self._division.live:
            each.invoker.cut()

    @property
    def was_cut(self) -> bool:
        """True if an invocation was ended for the end of the platform."""
        return any(each.invoker.was_cut for each in self._division.live)

    def close(self) -> None:
        """End the processes of all versions but the first. Its engine ends those of the first."""
        self._is_closed = True
        # A version that is loaded at this moment ends with the platform.
        is_locked = self._lock.acquire(timeout=_CLOSING)
        for each in self._division.live:
            if each.version.name in self._loaded:
                self._forget(each.version.name, each)
        if is_locked:
            self._lock.release()

    # -- inside

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            if self._is_closed:
                raise StateUnusable("The platform is ending.")
            yield

    @contextmanager
    def _loading(self, name: str, folder: Path) -> Iterator[Loaded]:
        """Load a version, and end the process unless the version becomes live."""
        try:
            loaded = self._load(folder)
        except StateUnusable as error:
            raise StateUnusable(
                f"The version {name} in {folder} cannot start. {error.what}", error.instead
            ) from error
        self._folders[name] = str(folder)
        try:
            yield loaded
        except BaseException:
            del self._folders[name]
            loaded.end()
            raise
        self._loaded[name] = loaded

    def _known(self, name: str) -> Divided:
        each = self._division.find(name) if name else None
        if each is None:
            live = ", ".join(each.version.name for each in self._division.live)
            raise NotFoundHere(f"There is no version {name}.", f"There are: {live}.")
        return each

    def _apply(
        self, live: Sequence[LiveVersion], *, loaded: Loaded | None = None, is_new: bool = True
    ) -> None:
        """Make these the live versions. A version that `is_new` was `loaded`, and is recorded."""
        rules.check_together(live)
        rules.check_shares(live)
        self._check_places(live)
        before, model = self._model, rules.merged(live)
        versions = tuple(self._divided(version, loaded) for version in live)
        self._adopt(model, before=before)
        try:
            if is_new:
                self._keep(live)
        except BaseException:
            self._adopt(before, before=model)
            raise
        for each in versions:
            each.parts.consumers.adopt(model)
        self._on_loop(partial(self._set, versions))

    def _check_places(self, live: Sequence[LiveVersion]) -> None:
        """Raise InvalidUse if a service of a version would have no place for a process."""
        needed = sum(len({each.service for each in version.model.functions}) for version in live)
        most = self._division.live[0].invoker.places.most
        if needed > most:
            raise InvalidUse(
                f"The versions need {needed} worker processes, and there are at most {most}.",
                f"Start the platform with --workers {needed} or more.",
            )

    def _divided(self, version: LiveVersion, loaded: Loaded | None) -> Divided:
        each = self._division.find(version.name)
        if each is not None:
            return replace(each, version=version)
        assert loaded is not None
        workers = Workers(loaded.connection, partial(self._line, version.name))
        return divided(version, self._engine.parts(version.model, workers))

    def _adopt(self, model: PlatformModel, *, before: PlatformModel) -> None:
        self._engine.ports.adopt(model, before=before)
        self._engine.ports.schedules.plan()
        self._model = model

    def _keep(self, live: Sequence[LiveVersion]) -> None:
        versions = tuple(
            KeptVersion(
                name=version.name,
                folder=self._folders[version.name],
                shares=dict(version.shares),
            )
            for version in live
        )
        kept.write(self._state, versions if len(versions) > 1 else ())

    def _set(self, live: tuple[Divided, ...]) -> None:
        """Divide further invocations among these versions. On the event loop, after its start."""
        self._division.live = live
        for each in live:
            each.name(each.version.name if len(live) > 1 else "")
            if self._loop is not None:
                each.invoker.begin()
        self._is_divided = self._is_divided or len(live) > 1
        if self._is_divided:
            consumers = DividedConsumers(self._division, self._engine.clock)
            self._engine.divide(consumers, self._division.call)
            if self._use is not None:
                self._use(self._gateway, DividedAnswers(self._division, self._gateway))

    def _on_loop(self, work: Callable[[], None]) -> None:
        """Run the work on the event loop, and wait; here before the start of the loop."""
        if self._loop is None:
            work()
            return
        done: Future[None] = Future()

        def run() -> None:
            try:
                work()
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        done.result(_LOOP)

    def _forget(self, name: str, version: Divided) -> None:
        """End the processes of a version."""
        loaded = self._loaded.pop(name)
        self._folders.pop(name)
        version.invoker.close()
        loaded.end()

    def _shares_of(self, name: str) -> str:
        each = self._known(name)
        return ", ".join(
            f"{share} % of {service}" for service, share in each.version.shares.items()
        )


def _all(model: PlatformModel, share: int) -> dict[str, int]:
    return {service.name: share for service in model.services}


def _rest(version: LiveVersion, changes: Mapping[str, int]) -> dict[str, int]:
    """Return the shares of a version after the other one was changes these."""
    return {
        name: WHOLE - changes[name] if name in changes else share
        for name, share in version.shares.items()
    }


def _percent(version: LiveVersion, share: int, services: Collection[str]) -> dict[str, int]:
    """Return the share of the services of a version; of all without `services`."""
    if not 0 <= share <= WHOLE:
        raise InvalidUse(f"{share} is not a share.", "Use a undivided number from 0 to 100.")
    has = [service.name for service in version.model.services]
    for service in services:
        if service not in has:
            raise InvalidUse(
                f"The version {version.name} has no service {service}.",
                f"It has: {', '.join(has)}.",
            )
    return {name: share for name in has if not services or name in services}
