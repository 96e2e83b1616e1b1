"""Check the upgrades of a table or a queue: each leads from its type to the type of the next."""

import inspect
from collections.abc import Iterator, Sequence

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.declaring.signatures import unreadable
from oort.app.handles import codecs, upgrades
from oort.app.handles.handle import Upgrade
from oort.model.contracts import Schemas
from oort.model.errors import InvalidValue, Mistake
from oort.rules.types import models, reading, stored


def mistakes(
    declared: ResourceDeclared,
    functions: Sequence[Upgrade],
    present: object,
    *,
    key: tuple[str, ...] = (),
) -> Iterator[Mistake]:
    """Yield a mistake for each upgrade that cannot work. `present` is the type after the last."""
    taken: list[object] = []
    returned: object = None
    for function in functions:
        before = returned
        try:
            _check_kind(function)
            taken.append(models.opened(upgrades.parameter(function)))
            returned = models.opened(upgrades.result(function))
        except (TypeError, NameError, AttributeError, SyntaxError) as error:
            yield _mistake(declared, function, f"{error}".rstrip("."), _EXAMPLE)
            return
        problem = unreadable(taken[-1])
        if problem:
            yield _mistake(declared, function, f"its parameter: {problem}", _EXAMPLE)
            return
        if len(taken) > 1:
            yield from _joint(declared, functions[len(taken) - 2], before, taken[-1])
        yield from _lost(declared, function, taken[-1], key)
    if functions:
        yield from _joint(declared, functions[-1], returned, present)


def schemas(functions: Sequence[Upgrade], present: object) -> tuple[str, ...]:
    """Return the schemas of revision 2 and later, as texts; "" for a type without a schema.

    The engine holds them against the items in its store.
    """
    later = [*map(upgrades.parameter, functions[1:]), present] if functions else []
    return tuple(map(_schemas, later))


def _schemas(kind: object) -> str:
    from oort.rules.contracts import same_revision  # for tables with upgrades only
    from oort.rules.events import event_schemas

    try:
        both = event_schemas.both(kind, keep_closed=reading.closed(kind))
    except InvalidValue:  # `oort contracts` names it
        return ""
    return same_revision.text(Schemas(*both))


_EXAMPLE = "Write def upgraded(old: ItemV1) -> Item."


def _check_kind(function: object) -> None:
    """Raise TypeError unless the upgrade is a plain function that takes one value and returns one."""
    if not inspect.isroutine(function):
        raise TypeError("it is no function")
    plain = inspect.unwrap(function)
    if inspect.iscoroutinefunction(plain):
        raise TypeError("it is an async function, and an upgrade is not awaited")
    if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
        raise TypeError("it is a generator, and an upgrade returns its value")
    parameters = list(inspect.signature(function).parameters.values())
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if [parameter.kind in kinds for parameter in parameters] != [True]:
        raise TypeError("an upgrade has one parameter, with its type")


def _joint(
    declared: ResourceDeclared, function: Upgrade, returned: object, needed: object
) -> Iterator[Mistake]:
    """Yield a mistake if an upgrade returns another type than the next takes."""
    if returned != needed:
        what = f"it returns {codecs.title(returned)}, and {codecs.title(needed)} comes next"
        yield _mistake(declared, function, what, f"Write -> {codecs.title(needed)}.")


def _lost(
    declared: ResourceDeclared, function: Upgrade, old: object, key: tuple[str, ...]
) -> Iterator[Mistake]:
    """Yield a mistake if the old type lacks a field of the key."""
    fields = stored.names(old) if key else {}
    if fields is None or not isinstance(old, type):
        if key:
            what = f"{codecs.title(old)} is no item"
            yield _mistake(declared, function, what, "Take a msgspec.Struct or a dataclass.")
        return
    for name in key:
        if fields.get(name) != name:
            what = f"{codecs.title(old)} has no field {name!r} of the key"
            yield _mistake(
                declared, function, what, "An upgrade keeps the key: add the field to the old type."
            )


def _mistake(declared: ResourceDeclared, function: Upgrade, what: str, instead: str) -> Mistake:
    name = getattr(function, "__name__", str(function))
    sentence = f"{declared.cls.__name__}: the upgrade {name}: {what}."
    return declared.mistake("data.upgrade", sentence, instead)
