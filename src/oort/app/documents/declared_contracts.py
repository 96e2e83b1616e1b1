"""The contracts that a program declares, ready to be held against locks: events with their schemas, and routes by service.

The command line and deployments ask; nothing that runs does.
"""

from collections.abc import Callable, Iterator

from oort.app.declaring import versions
from oort.app.documents import event_contracts, openapi
from oort.app.handles.events import Event
from oort.app.programs import Program
from oort.model.contracts import DeclaredApi, DeclaredContracts, DeclaredEvent, Version
from oort.model.errors import InvalidProgram, InvalidValue
from oort.model.items import Value
from oort.model.platform import PlatformModel
from oort.model.sources import Mistake
from oort.rules.contracts import revisions
from oort.rules.events import event_schemas
from oort.rules.types import examples

Kinds = dict[Version, type[Event]]


def declared(program: Program) -> DeclaredContracts:
    """All contracts of the program. InvalidProgram, with file and line, for a type that has no JSON Schema."""
    events = {(one.event, one.version): one for one in _events(program)}
    apis = {one.service: one for one in _apis(program)}
    return DeclaredContracts(events, apis)


def kinds(program: Program) -> Kinds:
    """The class of every version that is published, consumed, or converted to or from, in order."""
    used = [one.kind for one in event_contracts.events(program)]
    every = [*used, *(other for kind in used for other in versions.steps(kind))]
    return dict(sorted(((_key(kind), kind) for kind in every), key=lambda one: one[0]))


def example(found: Kinds) -> Callable[[Version], tuple[Value, ...]]:
    """What makes an example of a version. InvalidProgram if its class has none that can be found without help."""

    def make(key: Version) -> tuple[Value, ...]:
        kind = found[key]
        try:
            return (examples.example(kind),)
        except InvalidValue as error:
            what = f"{kind.__name__}: {error.what}"
            mistake = Mistake(kind.__oort__.model.source, "contract.example", what, error.instead)
            raise InvalidProgram([mistake]) from None

    return make


def _events(program: Program) -> Iterator[DeclaredEvent]:
    used = {(one.model.name, one.model.version): one for one in event_contracts.events(program)}
    for key, kind in kinds(program).items():
        model, contract = kind.__oort__.model, used.get(key)
        try:
            writer, reader = event_schemas.both(kind)
        except InvalidValue as error:
            mistake = Mistake(
                model.source, "contract.type", f"{kind.__name__}: {error.what}", error.instead
            )
            raise InvalidProgram([mistake]) from None
        yield DeclaredEvent(
            event=model.name,
            version=model.version,
            compatible=model.oldest,
            revision=revisions.revision(key=model.key, writer=writer, reader=reader),
            source=model.source,
            producers=contract.producers if contract else (),
            consumers=contract.consumers if contract else (),
            serves=_serves(kind),
            reads=_reads(kind),
            converted=tuple(sorted(kind.__oort__.downcasts)),
        )


def _apis(program: Program) -> Iterator[DeclaredApi]:
    for service in program.model.services:
        functions = {one.name: program.functions[one.name] for one in service.functions}
        alone = Program(PlatformModel(program.model.name, (service,)), functions)
        document = openapi.document(alone)
        if document["paths"]:
            sources = {one.name: one.source for one in service.functions}
            yield DeclaredApi(service.name, revisions.hashed(document), document, sources)


def _key(kind: type[Event]) -> Version:
    model = kind.__oort__.model
    return model.name, model.version


def _reads(kind: type[Event]) -> frozenset[int]:
    """The older versions that lead to the class."""
    found = {version for old, _ in kind.__oort__.upcasts.values() for version in _reads(old)}
    return frozenset(found | kind.__oort__.upcasts.keys())


def _serves(kind: type[Event]) -> int:
    """The oldest version whose consumers get something of it: itself, or what it is converted to."""
    return min(
        [kind.__oort__.model.oldest, *(_serves(old) for old, _ in kind.__oort__.downcasts.values())]
    )
