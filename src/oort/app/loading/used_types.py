"""Check all types of a program: a pattern has one meaning, and a type has values that JSON can have.

The loader calls it. On Lambda the deployment has checked the program.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import get_args

from oort.app.declaring import versions
from oort.app.declaring.parameters import (
    CallParameter,
    HandleParameter,
    MessageParameter,
    Parameter,
    ValueParameter,
)
from oort.app.handles.queues import QueueDeclaration
from oort.app.handles.secrets import SecretDeclaration
from oort.app.handles.tables import TableDeclaration
from oort.app.programs import Function
from oort.model.errors import Mistake, Source
from oort.model.functions import Answer
from oort.rules.patterns import foreign
from oort.rules.types import reading, shapes, usable

_Used = tuple[Source, object]
# The attribute of each declaration that holds the type of its values.
_KINDS: dict[type, str] = {
    TableDeclaration: "item",
    QueueDeclaration: "message",
    SecretDeclaration: "type",
}


def patterns(functions: Iterable[Function]) -> Iterator[Mistake]:
    """Yield a mistake for each pattern without an equal meaning in Python and in JSON Schema."""
    seen: set[tuple[Source, str]] = set()
    for source, kind in (used for function in functions for used in _used(function)):
        for shape in reading.inside([reading.compiled(kind)]):
            pattern = shape.pattern if isinstance(shape, shapes.Text) else None
            if pattern is None or (source, pattern) in seen:
                continue
            seen.add((source, pattern))
            problem, instead = foreign.problem(pattern)
            if problem:
                what = f"The pattern {pattern} has no meaning of its own: {problem}."
                yield Mistake(source, "type.pattern", what, instead)


def unusable(functions: Iterable[Function]) -> Iterator[Mistake]:
    """Yield a mistake for each event, call or parameter with a type that cannot be used.

    The declarations have checked the types of items, messages, bodies and secrets.
    """
    seen: set[tuple[Source, str]] = set()
    for function in functions:
        for source, title, problem in _problems(function):
            if problem and (source, problem) not in seen:
                seen.add((source, problem))
                instead = "Use Structs and what msgspec can decode."
                yield Mistake(source, "type.unusable", f"{title}: {problem}.", instead)


def _problems(function: Function) -> Iterator[tuple[Source, str, str]]:
    source = function.model.source
    yield source, function.model.name, usable.of_docstring(function.call)
    for kind in (*function.published, *([function.event] if function.event else [])):
        for version in (kind, *versions.steps(kind)):
            yield version.__oort__.model.source, version.__name__, usable.problem(version)
    for parameter in function.signature.parameters:
        match parameter:
            case CallParameter():
                call = parameter.call.__oort__
                for part in (call.request, call.reply):
                    yield call.model.source, parameter.call.__name__, usable.problem(part)
            case ValueParameter() if parameter.place != "body":
                title = f"{function.model.name}: {parameter.name}"
                yield (
                    source,
                    title,
                    usable.problem(parameter.kind) or _of_default(function, parameter),
                )
            case MessageParameter() if isinstance(function.model.trigger, Answer):
                for part in (parameter.kind, function.signature.returns):
                    yield source, function.model.name, usable.problem(part)
            case _:
                pass


def _of_default(function: Function, parameter: ValueParameter) -> str:
    default = inspect.signature(function.call).parameters[parameter.name].default
    given = default is not inspect.Parameter.empty and default is not None
    return usable.of_default(parameter.kind, default) if given else ""


def _used(function: Function) -> Iterator[_Used]:
    """Yield the types that leave or enter the function, each with where it is declared."""
    source = function.model.source
    returned = function.signature.returns
    yield from ((source, kind) for kind in (returned, *get_args(returned)))
    for kind in (*function.published, *([function.event] if function.event else [])):
        for version in (kind, *versions.steps(kind)):
            yield version.__oort__.model.source, version
    for parameter in function.signature.parameters:
        yield from _of_parameter(parameter, source)


def _of_parameter(parameter: Parameter, source: Source) -> Iterator[_Used]:
    match parameter:
        case ValueParameter() | MessageParameter():
            yield source, parameter.kind
        case CallParameter():
            call = parameter.call.__oort__
            yield from ((call.model.source, kind) for kind in (call.request, call.reply))
        case HandleParameter():
            declared: object = getattr(parameter.resource, "__oort__", None)
            yield parameter.model.source, getattr(declared, _KINDS[type(declared)])
        case _:
            return
