"""Find contracts in a stage that a deployment would break. The stage's records decide, not lock
files.

A deployment meets the other services of the stage. All services that run during the deployment must
understand each other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from oort.model.contracts import (
    DataName,
    DeclaredContracts,
    DeclaredEvent,
    Finding,
    RunningData,
    RunningVersion,
    ServiceRuns,
)
from oort.model.resources import Kind
from oort.rules.contracts import api_changes, data_changes, event_changes
from oort.rules.contracts.event_changes import AHEAD, BEHIND
from oort.rules.contracts.fits import misfit

_STAGE = "what the stage runs"


def running(declared: DeclaredContracts, services: Iterable[str]) -> tuple[ServiceRuns, ...]:
    """Return the contracts of these services after a deployment."""
    return tuple(
        ServiceRuns(
            name,
            tuple(_events_of(declared, name)),
            declared.apis[name].document if name in declared.apis else None,
            tuple(_data_of(declared, name)),
        )
        for name in services
    )


def findings(
    declared: DeclaredContracts, runs: Iterable[ServiceRuns], *, services: Collection[str]
) -> Iterator[Finding]:
    """Yield the running contracts that a deployment of these services would break.

    Only deployed services count, not the other services in the program.
    """
    running_services = tuple(runs)
    deployed = [
        version_key for service in running(declared, services) for version_key in service.events
    ]
    for version_key in sorted(
        {(version_key.event, version_key.version) for version_key in deployed}
    ):
        same_version = [
            record
            for service in running_services
            for record in service.events
            if (record.event, record.version) == version_key
        ]
        yield from _edits(declared.events[version_key], same_version)
    elsewhere = [
        version_key
        for service in running_services
        if service.service not in services
        for version_key in service.events
    ]
    for mine in deployed:
        for record in elsewhere:
            if mine.event == record.event:
                yield from _meets(declared.events[mine.event, mine.version], mine, record)
    for service in running_services:
        if service.service in services:
            yield from _routes(declared, service)
    yield from _data(declared, running_services, services)


def behind(
    declared: DeclaredContracts, runs: Iterable[ServiceRuns], *, services: Collection[str]
) -> tuple[str, ...]:
    """Return the tables of these services whose items the stage has in an earlier revision."""
    return tuple(
        sorted(
            {
                record.name
                for service in runs
                for record in service.data
                if record.kind is Kind.TABLE
                and (data := declared.data.get((record.kind, record.name))) is not None
                and data.service in services
                and record.form.revision < data.form.revision
            }
        )
    )


def _routes(declared: DeclaredContracts, service: ServiceRuns) -> Iterator[Finding]:
    """Find changes of the routes that the stage runs."""
    if service.api is None:
        return
    api = declared.apis.get(service.service)
    if api is None:
        yield from api_changes.removed(service.service, service.api)
    elif api.document != service.api:
        yield from api_changes.changes(api, service.api, place=_STAGE)


def _data(
    declared: DeclaredContracts, running_services: Iterable[ServiceRuns], services: Collection[str]
) -> Iterator[Finding]:
    """Find changes of tables, queues and calls that the stage has.

    A table or a queue belongs to one service. A call concerns the services on both of its sides.
    """
    judged = set[tuple[DataName, str]]()
    for service in running_services:
        for record in service.data:
            name, owner = (record.kind, record.name), record.name.partition(".")[0]
            data = declared.data.get(name)
            if data is None:
                # A table or a queue is in its service's record, a call in those of both sides.
                of_owner = service.service == owner
                if owner in services and of_owner is not (record.kind is Kind.CALL):
                    yield data_changes.gone_from_stage(record)
            elif (name, record.form.hash) not in judged:
                judged.add((name, record.form.hash))
                if {owner, *_services(data.users)} & {*services}:
                    yield from data_changes.changes(data, [record.form], _STAGE)


def _services(functions: Iterable[str]) -> set[str]:
    return {function.partition(".")[0] for function in functions}


def _data_of(declared: DeclaredContracts, service: str) -> Iterator[RunningData]:
    for data in declared.data.values():
        if data.service == service or service in _services(data.users):
            yield RunningData(data.kind, data.name, data.form)


def _events_of(declared: DeclaredContracts, service: str) -> Iterator[RunningVersion]:
    for event in declared.events.values():
        producers, consumers = (
            _functions_of(event.producers, service),
            _functions_of(event.consumers, service),
        )
        if producers or consumers:
            yield RunningVersion(
                event=event.event,
                version=event.version,
                compatible=event.compatible,
                serves=event.serves,
                reads=tuple(sorted(event.reads)),
                revision=event.revision,
                producers=producers,
                consumers=consumers,
            )


def _functions_of(functions: Iterable[str], service: str) -> tuple[str, ...]:
    return tuple(function for function in functions if function.partition(".")[0] == service)


def _edits(event: DeclaredEvent, same: list[RunningVersion]) -> Iterator[Finding]:
    """Find changes of a version that the stage runs."""
    readers = tuple(
        sorted({function for running_revision in same for function in running_revision.consumers})
    )
    different = {
        running_revision.revision.hash: running_revision.revision
        for running_revision in same
        if running_revision.revision.hash != event.revision.hash
    }
    for running_revision in different.values():
        if running_revision.key != event.revision.key:
            what = f"The key is {running_revision.key} in what the stage runs, and {event.revision.key} in the program."
            instead = f'Keep key="{running_revision.key}", or publish version {event.version + 1} with the other key.'
            yield replace(
                event_changes.objection("stage.key", event, what, instead), consumers=readers
            )
        for side in (BEHIND, AHEAD):
            written, read = (
                (running_revision, event.revision)
                if side == BEHIND
                else (event.revision, running_revision)
            )
            unfit = misfit(written.writer, read.reader)
            if unfit is not None:
                refuses = (
                    "the reader schema of the class"
                    if side == BEHIND
                    else "the reader schema that the stage runs"
                )
                finding = event_changes.broken(
                    unfit, event, side=side, refuses=refuses, readers=readers, lock=None
                )
                yield replace(finding, code="stage.breaking" if unfit.witness else "stage.unknown")


def _meets(
    event: DeclaredEvent, deployed: RunningVersion, neighbour: RunningVersion
) -> Iterator[Finding]:
    """Check that messages reach the other service in both directions."""
    event_name = f"{deployed.event} version"
    if deployed.producers and neighbour.consumers and not _reaches(deployed, neighbour):
        who = " and ".join(neighbour.consumers)
        what = f"The event would be published, and {who} runs in the stage and knows only version {neighbour.version}."
        instead = f"Deploy {_service(neighbour.consumers)} with it, or first; or write @downcast to version {neighbour.version}."
        yield replace(
            event_changes.objection("stage.consumer", event, what, instead),
            consumers=neighbour.consumers,
        )
    if deployed.consumers and neighbour.producers and not _reaches(neighbour, deployed):
        who = " and ".join(neighbour.producers)
        what = f"{who} runs in the stage and publishes {event_name} {neighbour.version}, which does not reach it."
        instead = f"Deploy {_service(neighbour.producers)} with it, or first; or write @upcast from version {neighbour.version}."
        yield replace(
            event_changes.objection("stage.producer", event, what, instead),
            consumers=deployed.consumers,
        )


def _reaches(producer: RunningVersion, consumer: RunningVersion) -> bool:
    """True if the consumer receives messages of the producer's version."""
    if producer.version > consumer.version:
        return consumer.version >= producer.serves
    return producer.version == consumer.version or producer.version in consumer.reads


def _service(functions: tuple[str, ...]) -> str:
    return functions[0].partition(".")[0]
