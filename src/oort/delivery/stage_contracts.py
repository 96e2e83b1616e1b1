"""What a stage runs, told by the stage itself: `contracts/SERVICE.json` in its bucket of packages, one for each service.

A deployment is held against it before anything is sent, and writes it when its stacks are up. Names of functions and
schemas are in it, and no data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from oort.delivery import fieldlines
from oort.delivery.checking import Checked
from oort.model.contracts import Finding, Revision, Running, Schema, ServiceRuns
from oort.model.errors import UnreadableContract
from oort.ports.assets import Assets
from oort.rules.contracts import revisions, stage_changes

_FORMAT = 1


class _Event(msgspec.Struct, kw_only=True):
    event: str
    version: int
    compatible: int
    serves: int
    reads: list[int]
    producers: list[str]
    consumers: list[str]
    key: str
    hash: str
    writer: Schema
    reader: Schema


class _Service(msgspec.Struct, kw_only=True):
    """The members of a file. A later Oort may add to it, which is passed over."""

    format: int
    service: str
    events: list[_Event]


@dataclass(frozen=True, slots=True)
class Release:
    """What a deployment of some services brings to a stage, of what was checked."""

    checked: Checked
    services: tuple[str, ...]
    everyone: tuple[str, ...]

    def objections(self, assets: Assets) -> tuple[Finding, ...]:
        """What it would break of what the stage runs. UnreadableContract if that cannot be told."""
        said = [read(assets, name) for name in self.everyone]
        runs = [one for one in said if one is not None]
        objections = stage_changes.findings(self.checked.declared, runs, services=self.services)
        return tuple(
            fieldlines.placed(one, self.checked.kinds, self.checked.folder) for one in objections
        )

    def keep(self, assets: Assets) -> None:
        """Write what the stage runs now."""
        for one in stage_changes.running(self.checked.declared, self.services):
            write(assets, one)


def forget(assets: Assets, services: Sequence[str]) -> None:
    """Write that these services run no more."""
    for name in services:
        if assets.holds(key(name)):
            write(assets, ServiceRuns(name, ()))


def key(service: str) -> str:
    """The name of a service's file in the bucket."""
    return f"contracts/{service}.json"


def read(assets: Assets, service: str) -> ServiceRuns | None:
    """What the stage says that the service runs; None if it was never deployed by an Oort that says it."""
    data = assets.get(key(service))
    if data is None:
        return None
    try:
        found = msgspec.json.decode(data, type=_Service)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(service, str(error)) from error
    if found.format != _FORMAT:
        raise _unreadable(service, f"it has the format {found.format}")
    return ServiceRuns(found.service, tuple(map(_running, found.events)))


def write(assets: Assets, runs: ServiceRuns) -> None:
    """Replace what the stage says of the service."""
    events = list(map(_plain, runs.events))
    whole = _Service(format=_FORMAT, service=runs.service, events=events)
    assets.replace(key(runs.service), revisions.canonical(msgspec.to_builtins(whole)))


def _plain(one: Running) -> _Event:
    return _Event(
        event=one.event,
        version=one.version,
        compatible=one.compatible,
        serves=one.serves,
        reads=list(one.reads),
        producers=list(one.producers),
        consumers=list(one.consumers),
        key=one.revision.key,
        hash=one.revision.hash,
        writer=one.revision.writer,
        reader=one.revision.reader,
    )


def _running(one: _Event) -> Running:
    return Running(
        event=one.event,
        version=one.version,
        compatible=one.compatible,
        serves=one.serves,
        reads=tuple(one.reads),
        revision=Revision(one.hash, one.key, one.writer, one.reader),
        producers=tuple(one.producers),
        consumers=tuple(one.consumers),
    )


def _unreadable(service: str, why: str) -> UnreadableContract:
    what = f"{key(service)} in the stage's bucket cannot be read: {why}."
    return UnreadableContract(
        what, "Deploy with the newest Oort, or take an older version of the file back in S3."
    )
