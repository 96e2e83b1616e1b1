"""Record the contracts of each service in a stage: `contracts/SERVICE.json` in the package bucket.

A deployment is compared with these files before it starts, and updates them when its stacks are
deployed. The files hold names of functions and schemas, no data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from oort.delivery.checking import Checked
from oort.model.contracts import (
    Finding,
    Revision,
    RunningData,
    RunningVersion,
    Schema,
    Schemas,
    ServiceRuns,
    Weight,
)
from oort.model.errors import UnreadableContract
from oort.model.resources import Kind
from oort.ports.assets import Assets
from oort.rules.contracts import acceptances, revisions, stage_changes

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


class _Part(msgspec.Struct):
    writer: Schema
    reader: Schema


class _Data(msgspec.Struct, kw_only=True):
    kind: Kind
    name: str
    revision: int
    key: list[tuple[str, str]]
    parts: dict[str, _Part]


class _Service(msgspec.Struct, kw_only=True):
    """The members of a file. Unknown members from a later Oort are ignored."""

    format: int
    service: str
    events: list[_Event]
    api: Schema | None = None
    data: list[_Data] = []


@dataclass(frozen=True, slots=True)
class DeployedContracts:
    """The checked contracts that one deployment ships."""

    checked: Checked
    services: tuple[str, ...]
    everyone: tuple[str, ...]
    stage: str = ""

    def objections(self, assets: Assets) -> tuple[Finding, ...]:
        """Return findings for each contract in the stage that the deployment would break.

        UnreadableContract if a file in the stage cannot be read.
        """
        runs, checked = self._runs(assets, self.everyone), self.checked
        objections = (
            finding
            for finding in stage_changes.findings(checked.declared, runs, services=self.services)
            if finding.weight is Weight.OBJECTION
            and not any(
                acceptances.covers(lock, finding, stage=self.stage)
                for lock in checked.locks.all()
                if acceptances.is_about(finding, lock)
            )
        )
        return tuple(map(self.checked.located, objections))

    def behind(self, assets: Assets) -> tuple[str, ...]:
        """Return the tables whose items the stage has in an earlier revision, before `keep`."""
        declared = self.checked.declared
        if all(data.form.revision == 1 for data in declared.data.values()):
            return ()
        runs = self._runs(assets, self.services)
        return stage_changes.behind(declared, runs, services=self.services)

    def _runs(self, assets: Assets, services: Sequence[str]) -> list[ServiceRuns]:
        records = (read(assets, name) for name in services)
        return [record for record in records if record is not None]

    def keep(self, assets: Assets) -> None:
        """Record the deployed contracts in the stage."""
        for record in stage_changes.running(self.checked.declared, self.services):
            write(assets, record)


def forget(assets: Assets, services: Sequence[str]) -> None:
    """Record that the services are removed."""
    for name in services:
        if assets.holds(key(name)):
            write(assets, ServiceRuns(name, ()))


def key(service: str) -> str:
    """Return the key of a service's file in the bucket."""
    return f"contracts/{service}.json"


def read(assets: Assets, service: str) -> ServiceRuns | None:
    """Read the contracts of a service in the stage. None if no deployment recorded any."""
    data = assets.get(key(service))
    if data is None:
        return None
    try:
        document = msgspec.json.decode(data, type=_Service)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(service, str(error)) from error
    if document.format != _FORMAT:
        raise _unreadable(service, f"it has the format {document.format}")
    return ServiceRuns(
        document.service,
        tuple(map(_from_file, document.events)),
        document.api,
        tuple(map(_running_data, document.data)),
    )


def write(assets: Assets, runs: ServiceRuns) -> None:
    """Replace the recorded contracts of a service."""
    events = list(map(_to_file, runs.events))
    data = [
        _Data(
            kind=each.kind,
            name=each.name,
            revision=each.form.revision,
            key=[*each.form.key.items()],
            parts={name: _Part(part.writer, part.reader) for name, part in each.form.parts.items()},
        )
        for each in runs.data
    ]
    document = _Service(
        format=_FORMAT, service=runs.service, events=events, api=runs.api, data=data
    )
    assets.replace(key(runs.service), revisions.canonical(msgspec.to_builtins(document)))


def _to_file(event: RunningVersion) -> _Event:
    return _Event(
        event=event.event,
        version=event.version,
        compatible=event.compatible,
        serves=event.serves,
        reads=list(event.reads),
        producers=list(event.producers),
        consumers=list(event.consumers),
        key=event.revision.key,
        hash=event.revision.hash,
        writer=event.revision.writer,
        reader=event.revision.reader,
    )


def _from_file(event: _Event) -> RunningVersion:
    return RunningVersion(
        event=event.event,
        version=event.version,
        compatible=event.compatible,
        serves=event.serves,
        reads=tuple(event.reads),
        revision=Revision(event.hash, event.key, event.writer, event.reader),
        producers=tuple(event.producers),
        consumers=tuple(event.consumers),
    )


def _running_data(data: _Data) -> RunningData:
    parts = {name: Schemas(part.writer, part.reader) for name, part in data.parts.items()}
    form = revisions.form(revision=data.revision, key=dict(data.key), parts=parts)
    return RunningData(data.kind, data.name, form)


def _unreadable(service: str, why: str) -> UnreadableContract:
    what = f"{key(service)} in the stage's bucket cannot be read: {why}."
    return UnreadableContract(
        what, "Deploy with the newest Oort, or take an older version of the file back in S3."
    )
