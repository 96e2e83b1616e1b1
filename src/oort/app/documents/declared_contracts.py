"""The contracts of a program: events with their schemas, and routes by service.

The command line and deployments compare them with lock files; running services do not.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from oort.app.declaring import versions
from oort.app.documents import data_contracts, event_contracts, openapi
from oort.app.handles.events import Event
from oort.app.handles.handle import declaration
from oort.app.handles.tables import TableDeclaration
from oort.app.programs import Function, Program
from oort.model.contracts import DataName, DeclaredApi, DeclaredContracts, DeclaredEvent, Version
from oort.model.errors import InvalidProgram, InvalidValue, Mistake
from oort.model.items import Value
from oort.model.platform import PlatformModel
from oort.rules.contracts import revisions
from oort.rules.events import event_schemas
from oort.rules.types import examples

Kinds = dict[Version, type[Event]]
Types = Mapping[DataName, tuple[object, ...]]


def declared(program: Program) -> DeclaredContracts:
    """Return all contracts of the program.

    Raises InvalidProgram, with file and line, for a type without a JSON Schema.
    """
    events = {(contract.event, contract.version): contract for contract in _events(program)}
    apis = {contract.service: contract for contract in _apis(program)}
    data = {
        (contract.kind, contract.name): contract for contract in data_contracts.declared(program)
    }
    return DeclaredContracts(events, apis, data)


def kinds(program: Program) -> Kinds:
    """Return the class of every version that is published, consumed or converted, in order."""
    used = [contract.kind for contract in event_contracts.events(program)]
    every = [*used, *(connected for kind in used for connected in versions.steps(kind))]
    return dict(sorted(((_key(kind), kind) for kind in every), key=lambda entry: entry[0]))


def types(program: Program) -> Types:
    """Return the types of tables, queues and calls."""
    declared = (record for record in map(declaration, program.resources.values()) if record)
    return {
        (record.model.kind, record.model.name): data_contracts.types(record) for record in declared
    }


def example(kinds: Kinds) -> Callable[[Version], tuple[Value, ...]]:
    """Return a function that makes an example of a version.

    The function raises InvalidProgram if the class has no example and none can be derived.
    """

    def make(key: Version) -> tuple[Value, ...]:
        kind = kinds[key]
        try:
            return (examples.example(kind),)
        except InvalidValue as error:
            what = f"{kind.__name__}: {error.what}"
            mistake = Mistake(kind.__oort__.model.source, "contract.example", what, error.instead)
            raise InvalidProgram([mistake]) from None

    return make


def _events(program: Program) -> Iterator[DeclaredEvent]:
    used = {
        (contract.model.name, contract.model.version): contract
        for contract in event_contracts.events(program)
    }
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
        functions = {
            function.name: program.functions[function.name] for function in service.functions
        }
        alone = Program(PlatformModel(program.model.name, (service,)), functions)
        document = openapi.document(alone)
        if document["paths"]:
            sources = {function.name: function.source for function in service.functions}
            stored = dict(_stored(program, functions))
            yield DeclaredApi(service.name, revisions.hashed(document), document, sources, stored)


def _stored(program: Program, functions: Mapping[str, Function]) -> Iterator[tuple[str, str]]:
    """Yield the functions that return the type of a table's items, with the table."""
    records = map(declaration, program.resources.values())
    tables = {each.item: each.model.name for each in records if isinstance(each, TableDeclaration)}
    for name, function in functions.items():
        for kind in _inside(function.signature.returns):
            if isinstance(kind, type) and kind in tables:
                yield name, tables[kind]


def _inside(kind: object) -> Iterator[object]:
    """Yield the type and its arguments, such as the item of `Page[Item]`."""
    yield kind
    for argument in get_args(kind):
        yield from _inside(argument)


def _key(kind: type[Event]) -> Version:
    model = kind.__oort__.model
    return model.name, model.version


def _reads(kind: type[Event]) -> frozenset[int]:
    """Return the older versions that upcasts convert to the class."""
    versions_read = {
        version for old, _ in kind.__oort__.upcasts.values() for version in _reads(old)
    }
    return frozenset(versions_read | kind.__oort__.upcasts.keys())


def _serves(kind: type[Event]) -> int:
    """Return the oldest version whose consumers receive a form of this event."""
    return min(
        [kind.__oort__.model.oldest, *(_serves(old) for old, _ in kind.__oort__.downcasts.values())]
    )
