"""The data contracts of a program: items of tables, messages of queues, requests and replies of calls."""

from collections.abc import Iterator, Mapping

from oort.app.handles import upgrades
from oort.app.handles.calls import CallDeclaration
from oort.app.handles.handle import Declaration, Upgrade, declaration
from oort.app.handles.queues import QueueDeclaration
from oort.app.handles.tables import TableDeclaration
from oort.app.programs import Program
from oort.model.contracts import DeclaredData, Schemas
from oort.model.errors import InvalidProgram, InvalidValue, Mistake
from oort.model.functions import Answer, FunctionModel, Worker
from oort.model.resources import Kind, TableModel
from oort.rules.contracts import revisions
from oort.rules.events import event_schemas
from oort.rules.types import reading

ITEM, MESSAGE, REQUEST, REPLY = "item", "message", "request", "reply"


def declared(program: Program) -> Iterator[DeclaredData]:
    """Yield every table, queue and call of the program.

    Raises InvalidProgram, with file and line, for a type without a JSON Schema.
    """
    for cls in program.resources.values():
        record = declaration(cls)
        if isinstance(record, TableDeclaration | QueueDeclaration | CallDeclaration):
            yield _declared(record, program)


def types(record: Declaration) -> tuple[object, ...]:
    """Return the types of a table, a queue or a call, those before its upgrades too."""
    steps: tuple[Upgrade, ...] = getattr(record, "upgrades", ())
    return (*_parts(record).values(), *map(upgrades.parameter, steps))


def _declared(record: Declaration, program: Program) -> DeclaredData:
    model = record.model
    steps: tuple[Upgrade, ...] = getattr(record, "upgrades", ())
    name = next(iter(_parts(record)))
    form = revisions.form(
        revision=len(steps) + 1,
        key=_key(model) if isinstance(model, TableModel) else {},
        parts=_schemas(_parts(record), record),
    )
    return DeclaredData(
        kind=model.kind,
        name=model.name,
        service=model.service,
        form=form,
        source=model.source,
        older={
            revision: _schemas({name: upgrades.parameter(step)}, record)
            for revision, step in enumerate(steps, 1)
        },
        users=tuple(sorted(_users(model.kind, model.name, program))),
    )


def _parts(record: Declaration) -> dict[str, object]:
    match record:
        case TableDeclaration(item=item):
            return {ITEM: item}
        case QueueDeclaration(message=message):
            return {MESSAGE: message}
        case CallDeclaration(request=request, reply=reply):
            return {REQUEST: request, REPLY: reply}
        case _:
            return {}


def _key(model: TableModel) -> dict[str, str]:
    return {name: "number" if name in model.numeric else "text" for name in model.key}


def _schemas(parts: Mapping[str, object], record: Declaration) -> dict[str, Schemas]:
    schemas: dict[str, Schemas] = {}
    for name, kind in parts.items():
        try:
            schemas[name] = Schemas(*event_schemas.both(kind, keep_closed=reading.closed(kind)))
        except InvalidValue as error:
            what = f"The {name} of {record.model.name}: {error.what}"
            mistake = Mistake(record.model.source, "contract.type", what, error.instead)
            raise InvalidProgram([mistake]) from None
    return schemas


def _users(kind: Kind, name: str, program: Program) -> Iterator[str]:
    """Yield the functions that read or write the data."""
    for function in program.model.functions:
        granted = any(grant.kind is kind and grant.resource == name for grant in function.grants)
        if granted or _consumes(function, kind, name):
            yield function.name


def _consumes(function: FunctionModel, kind: Kind, name: str) -> bool:
    match function.trigger:
        case Worker(queue=queue):
            return kind is Kind.QUEUE and queue == name
        case Answer(call=call):
            return kind is Kind.CALL and call == name
        case _:
            return False
