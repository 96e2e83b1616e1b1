"""What a deployment would break in a stage, judged by what the stage really runs and not by the lock files.

A deployment of some services meets others as they are; all that run while it goes on must understand each other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from oort.model.contracts import Declared, DeclaredEvent, Finding, Running, ServiceRuns
from oort.rules.contracts import event_changes
from oort.rules.contracts.event_changes import AHEAD, BEHIND
from oort.rules.contracts.fits import misfit


def running(declared: Declared, services: Iterable[str]) -> tuple[ServiceRuns, ...]:
    """What these services publish and consume once they are deployed."""
    return tuple(ServiceRuns(name, tuple(_own(declared, name))) for name in services)


def findings(
    declared: Declared, runs: Iterable[ServiceRuns], *, services: Collection[str]
) -> Iterator[Finding]:
    """What the deployment of these services would break. What the others declare meanwhile does not count."""
    there = tuple(runs)
    deployed = [one for service in running(declared, services) for one in service.events]
    for one in sorted({(one.event, one.version) for one in deployed}):
        same = [
            other
            for service in there
            for other in service.events
            if (other.event, other.version) == one
        ]
        yield from _edits(declared.events[one], same)
    others = [one for service in there if service.service not in services for one in service.events]
    for mine in deployed:
        for other in others:
            if mine.event == other.event:
                yield from _meets(declared.events[mine.event, mine.version], mine, other)


def _own(declared: Declared, service: str) -> Iterator[Running]:
    for one in declared.events.values():
        producers, consumers = _of(one.producers, service), _of(one.consumers, service)
        if producers or consumers:
            yield Running(
                event=one.event,
                version=one.version,
                compatible=one.compatible,
                serves=one.serves,
                reads=tuple(sorted(one.reads)),
                revision=one.revision,
                producers=producers,
                consumers=consumers,
            )


def _of(functions: Iterable[str], service: str) -> tuple[str, ...]:
    return tuple(one for one in functions if one.partition(".")[0] == service)


def _edits(one: DeclaredEvent, same: list[Running]) -> Iterator[Finding]:
    """What changed in a version that the stage runs."""
    readers = tuple(sorted({function for other in same for function in other.consumers}))
    different = {
        other.revision.hash: other.revision
        for other in same
        if other.revision.hash != one.revision.hash
    }
    for other in different.values():
        if other.key != one.revision.key:
            what = f"The key is {other.key} in what the stage runs, and {one.revision.key} in the program."
            instead = (
                f'Keep key="{other.key}", or publish version {one.version + 1} with the other key.'
            )
            yield replace(
                event_changes.objection("stage.key", one, what, instead), consumers=readers
            )
        for side in (BEHIND, AHEAD):
            written, read = (other, one.revision) if side == BEHIND else (one.revision, other)
            unfit = misfit(written.writer, read.reader)
            if unfit is not None:
                refuses = (
                    "the reader schema of the class"
                    if side == BEHIND
                    else "the reader schema that the stage runs"
                )
                told = event_changes.broken(
                    unfit, one, side=side, refuses=refuses, readers=readers, lock=None
                )
                yield replace(told, code="stage.breaking" if unfit.witness else "stage.unknown")


def _meets(one: DeclaredEvent, mine: Running, other: Running) -> Iterator[Finding]:
    """Whether what the one publishes reaches the other, both ways."""
    event = f"{mine.event} version"
    if mine.producers and other.consumers and not _reaches(mine, other):
        who = " and ".join(other.consumers)
        what = f"It would be published, and {who} runs in the stage and knows version {other.version} only."
        instead = f"Deploy {_service(other.consumers)} with it, or first; or write @downcast to version {other.version}."
        yield replace(
            event_changes.objection("stage.consumer", one, what, instead), consumers=other.consumers
        )
    if mine.consumers and other.producers and not _reaches(other, mine):
        who = " and ".join(other.producers)
        what = f"{who} runs in the stage and publishes {event} {other.version}, which does not reach it."
        instead = f"Deploy {_service(other.producers)} with it, or first; or write @upcast from version {other.version}."
        yield replace(
            event_changes.objection("stage.producer", one, what, instead), consumers=mine.consumers
        )


def _reaches(producer: Running, consumer: Running) -> bool:
    """Whether the consumer gets something of what the producer publishes."""
    if producer.version > consumer.version:
        return consumer.version >= producer.serves
    return producer.version == consumer.version or producer.version in consumer.reads


def _service(functions: tuple[str, ...]) -> str:
    return functions[0].partition(".")[0]
