"""Turns resource classes into models, and checks them. `Service` calls it; it writes `__oort__` on the class."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_origin

from oort.app.declaring.signatures import Reader, unreadable
from oort.app.handles.queues import Queue, QueueDeclaration
from oort.app.handles.tables import Index, Table, TableDeclaration
from oort.model import limits, names
from oort.model.resources import IndexModel, Kind, QueueModel, TableModel
from oort.model.sources import Mistake, Source

__all__ = ["NOWHERE", "Kind", "TableModel", "check_attempts", "check_batch", "declare"]

NOWHERE = Source("", 0)


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What `@service.table` said."""

    key: tuple[str, ...]
    version: str | None


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """What `@service.queue` said."""

    attempts: int


@dataclass(frozen=True, slots=True)
class ResourceDeclared:
    """A class under `@service.table` or `@service.queue`, with what the decorator said."""

    cls: type
    name: str
    source: Source
    options: TableOptions | QueueOptions


def declare(
    service: str, declared: ResourceDeclared
) -> tuple[TableModel | QueueModel | None, list[Mistake]]:
    """The model of a declared class, and what is wrong with it. None if there is nothing to go on with."""
    base = Table if isinstance(declared.options, TableOptions) else Queue
    arguments = _arguments(declared.cls, base)
    if arguments is None:
        shown = "Table[str, Account, Can]" if base is Table else "Queue[Mail, Can]"
        what = f"{declared.cls.__name__} is not a {base.__name__}."
        return None, [
            _mistake(
                declared, "resource.base", what, f"Write class {declared.cls.__name__}({shown})."
            )
        ]
    mistakes = list(_naming(declared))
    if isinstance(declared.options, TableOptions):
        return _table(service, declared, declared.options, arguments[1], mistakes)
    return _queue(service, declared, declared.options, arguments[0], mistakes)


def check_attempts(queue: QueueModel, mistakes: list[Mistake]) -> None:
    """How often a message may be delivered."""
    if not 1 <= queue.attempts <= limits.ATTEMPTS:
        what = f"{queue.name}: {queue.attempts} attempts are not possible."
        mistakes.append(
            Mistake(queue.source, "queue.attempts", what, f"SQS allows 1 to {limits.ATTEMPTS}.")
        )


def check_batch(batch: int, reader: Reader) -> None:
    """How many messages a consumer fetches together."""
    if not 1 <= batch <= limits.BATCH:
        reader.refuse(
            "queue.batch",
            f"{reader.name}: a batch of {batch} is not possible.",
            f"It is 1 to {limits.BATCH}.",
        )


def _table(
    service: str,
    declared: ResourceDeclared,
    options: TableOptions,
    item: object,
    mistakes: list[Mistake],
) -> tuple[TableModel | None, list[Mistake]]:
    from oort.rules.types import stored  # for a program with tables, and not at a cold start

    fields = stored.names(item)
    if fields is None or not isinstance(item, type):
        what = f"{declared.cls.__name__} stores {getattr(item, '__name__', item)}, which is no Struct or dataclass."
        return None, [
            *mistakes,
            _mistake(declared, "table.item", what, "Store a msgspec.Struct or a dataclass."),
        ]
    if len(options.key) not in (1, 2):
        what = f"A key of {len(options.key)} fields is not possible."
        return None, [*mistakes, _mistake(declared, "table.key", what, "Name one or two.")]
    indexes = tuple(_indexes(declared.cls, options.key))
    mistakes += _index_mistakes(declared, indexes)
    used = {
        *options.key,
        *(name for index in indexes for name in (index.partition, index.sort) if name),
    }
    if options.version:
        mistakes += _version_mistakes(declared, item, options.version, used)
        used.add(options.version)
    for name in sorted(used - fields.keys()):
        what = f"{declared.cls.__name__}: {item.__name__} has no field {name!r}."
        mistakes.append(
            _mistake(declared, "table.field", what, f"Its fields are: {', '.join(fields)}.")
        )
    for name in sorted(name for name in used & fields.keys() if fields[name] != name):
        what = f"{declared.cls.__name__}: {name} is stored as {fields[name]!r}."
        mistakes.append(
            _mistake(
                declared,
                "table.renamed",
                what,
                "Fields of a key, an index or a version keep their name.",
            )
        )
    numeric = frozenset(
        name for name in used - {options.version} if stored.key_type(item, name) == "number"
    )
    for name in sorted(
        name for name in used - {options.version} if stored.key_type(item, name) == "mixed"
    ):
        what = f"{declared.cls.__name__}: {name} may be text and a number."
        mistakes.append(
            _mistake(
                declared, "table.key-type", what, "DynamoDB wants one of them: give it one type."
            )
        )
    model = TableModel(
        name=f"{service}.{declared.name}",
        service=service,
        partition=options.key[0],
        sort=options.key[1] if len(options.key) > 1 else None,
        version=options.version,
        indexes=indexes,
        source=declared.source,
        numeric=numeric,
    )
    declared.cls.__oort__ = TableDeclaration(model, item, frozenset(used - {options.version}))  # type: ignore[attr-defined]
    return model, mistakes


def _queue(
    service: str,
    declared: ResourceDeclared,
    options: QueueOptions,
    message: object,
    mistakes: list[Mistake],
) -> tuple[QueueModel, list[Mistake]]:
    model = QueueModel(
        name=f"{service}.{declared.name}",
        service=service,
        attempts=options.attempts,
        visibility=limits.VISIBILITY_PER_TIMEOUT * limits.REQUEST_TIMEOUT,
        subscription=None,
        source=declared.source,
    )
    check_attempts(model, mistakes)
    if problem := unreadable(message):
        what = f"{declared.cls.__name__} takes {getattr(message, '__name__', message)}: {problem}."
        mistakes.append(
            _mistake(declared, "queue.message", what, "Use Structs and what msgspec can decode.")
        )
    declared.cls.__oort__ = QueueDeclaration(model, message)  # type: ignore[attr-defined]
    return model, mistakes


def _index_mistakes(
    declared: ResourceDeclared, indexes: tuple[IndexModel, ...]
) -> Iterator[Mistake]:
    count = sum(not index.primary for index in indexes)
    if count > limits.INDEXES_PER_TABLE:
        what = f"{declared.cls.__name__} has {count} indexes."
        yield _mistake(
            declared, "table.indexes", what, f"DynamoDB allows {limits.INDEXES_PER_TABLE}."
        )


def _version_mistakes(
    declared: ResourceDeclared, item: object, name: str, used: set[str]
) -> Iterator[Mistake]:
    """The version counts writes: an int, and no part of a key or an index."""
    from oort.rules.types import stored

    if not stored.may_be_version(item, name, taken=name in used):
        what = f"{declared.cls.__name__}: {name} cannot be the version."
        yield _mistake(
            declared, "table.version", what, f"Give it a field of its own: {name}: int = 0."
        )


def _indexes(cls: type, key: tuple[str, ...]) -> Iterator[IndexModel]:
    for name, value in vars(cls).items():
        if isinstance(value, Index):
            same = (value.partition, value.sort) == (key[0], next(iter(key[1:]), None))
            yield IndexModel(name, value.partition, value.sort, same)


def _arguments(cls: type, base: type) -> tuple[object, ...] | None:
    for candidate in getattr(cls, "__orig_bases__", ()):
        if get_origin(candidate) is base:
            return get_args(candidate)
    return None


def _naming(declared: ResourceDeclared) -> Iterator[Mistake]:
    if not names.RESOURCE.fullmatch(declared.name):
        what = f"{declared.name!r} is not a resource's name."
        yield _mistake(
            declared,
            "resource.name",
            what,
            "Use lower-case letters, digits and dashes, starting with a letter.",
        )


def _mistake(declared: ResourceDeclared, code: str, what: str, instead: str) -> Mistake:
    return Mistake(declared.source, code, what, instead)
