"""Turns classes under `@service.table` into models, and checks them. It writes `__oort__` on the class."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.handles.tables import Index, Table, TableDeclaration
from oort.model import limits
from oort.model.resources import IndexModel, TableModel
from oort.model.sources import Mistake
from oort.rules.types import models


def declare(
    declared: ResourceDeclared, *, key: tuple[str, ...], version: str | None
) -> tuple[TableModel | None, list[Mistake]]:
    """The model of a declared class, and what is wrong with it. None if there is nothing to go on with."""
    arguments = declared.arguments(Table)
    if arguments is None:
        name = declared.cls.__name__
        instead = f"Write class {name}(Table[str, Account, Can])."
        return None, [declared.mistake("resource.base", f"{name} is not a Table.", instead)]
    return _declare(declared, arguments[1], key=key, version=version, mistakes=declared.naming())


def _declare(
    declared: ResourceDeclared,
    item: object,
    *,
    key: tuple[str, ...],
    version: str | None,
    mistakes: list[Mistake],
) -> tuple[TableModel | None, list[Mistake]]:
    fields = _fields(item)
    if fields is None or not isinstance(item, type):
        what = f"{declared.cls.__name__} stores {getattr(item, '__name__', item)}, which is no Struct or dataclass."
        return None, [
            *mistakes,
            declared.mistake("table.item", what, "Store a msgspec.Struct or a dataclass."),
        ]
    if len(key) not in (1, 2):
        what = f"A key of {len(key)} fields is not possible."
        return None, [*mistakes, declared.mistake("table.key", what, "Name one or two.")]
    indexes = tuple(_indexes(declared.cls, key))
    mistakes += _index_mistakes(declared, indexes)
    used = {*key, *(name for index in indexes for name in (index.partition, index.sort) if name)}
    if version:
        mistakes += _version_mistakes(declared, item, version, used)
        used.add(version)
    for name in sorted(used - fields.keys()):
        what = f"{declared.cls.__name__}: {item.__name__} has no field {name!r}."
        mistakes.append(
            declared.mistake("table.field", what, f"Its fields are: {', '.join(fields)}.")
        )
    for name in sorted(name for name in used & fields.keys() if fields[name] != name):
        what = f"{declared.cls.__name__}: {name} is stored as {fields[name]!r}."
        mistakes.append(
            declared.mistake(
                "table.renamed", what, "Fields of a key, an index or a version keep their name."
            )
        )
    numeric = frozenset(name for name in used - {version} if _key_type(item, name) == "number")
    for name in sorted(name for name in used - {version} if _key_type(item, name) == "mixed"):
        what = f"{declared.cls.__name__}: {name} may be text and a number."
        mistakes.append(
            declared.mistake(
                "table.key-type", what, "DynamoDB wants one of them: give it one type."
            )
        )
    model = TableModel(
        name=f"{declared.service}.{declared.name}",
        service=declared.service,
        partition=key[0],
        sort=key[1] if len(key) > 1 else None,
        version=version,
        indexes=indexes,
        source=declared.source,
        numeric=numeric,
    )
    declared.cls.__oort__ = TableDeclaration(model, item, frozenset(used - {version}))  # type: ignore[attr-defined]
    return model, mistakes


def _index_mistakes(
    declared: ResourceDeclared, indexes: tuple[IndexModel, ...]
) -> Iterator[Mistake]:
    count = sum(not index.primary for index in indexes)
    if count > limits.INDEXES_PER_TABLE:
        what = f"{declared.cls.__name__} has {count} indexes."
        yield declared.mistake(
            "table.indexes", what, f"DynamoDB allows {limits.INDEXES_PER_TABLE}."
        )


def _version_mistakes(
    declared: ResourceDeclared, item: object, name: str, used: set[str]
) -> Iterator[Mistake]:
    """The version counts writes: an int, and no part of a key or an index."""
    info = next((field for field in _info(item) if field.name == name), None)
    if info is not None and (name in used or not isinstance(info.type, msgspec.inspect.IntType)):
        what = f"{declared.cls.__name__}: {name} cannot be the version."
        yield declared.mistake(
            "table.version", what, f"Give it a field of its own: {name}: int = 0."
        )


def _indexes(cls: type, key: tuple[str, ...]) -> Iterator[IndexModel]:
    for name, value in vars(cls).items():
        if isinstance(value, Index):
            same = (value.partition, value.sort) == (key[0], next(iter(key[1:]), None))
            yield IndexModel(name, value.partition, value.sort, same)


def _fields(kind: object) -> dict[str, str] | None:
    """Field name -> stored name; None if the type is no object."""
    if models.is_model(kind):
        return {one.name: one.wire for one in models.members(kind)}
    return {field.name: field.encode_name for field in _info(kind)} or None


def _key_type(item: object, name: str) -> Literal["text", "number", "mixed"]:
    """What a field of a key is stored as. Times, UUIDs and the like are text."""
    if models.is_model(item):
        kind = next((one.kind for one in models.members(item) if one.name == name), str)
        found = {_is_number(one) for one in _leaves(msgspec.inspect.type_info(kind))}
    else:
        found = {
            _is_number(one)
            for field in _info(item)
            if field.name == name
            for one in _leaves(field.type)
        }
    if len(found) > 1:
        return "mixed"
    return "number" if True in found else "text"


def _leaves(info: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """What a value may be, None left out: an item without the attribute is not in the index."""
    if isinstance(info, msgspec.inspect.UnionType):
        for one in info.types:
            yield from _leaves(one)
    elif isinstance(info, msgspec.inspect.Metadata):
        yield from _leaves(info.type)
    elif not isinstance(info, msgspec.inspect.NoneType):
        yield info


def _is_number(info: msgspec.inspect.Type) -> bool:
    if isinstance(info, msgspec.inspect.EnumType):
        return any(isinstance(one.value, int | float) for one in info.cls)
    if isinstance(info, msgspec.inspect.LiteralType):
        return any(isinstance(one, int) for one in info.values)
    return isinstance(info, msgspec.inspect.IntType | msgspec.inspect.FloatType)


def _info(kind: object) -> tuple[msgspec.inspect.Field, ...]:
    """The fields of a type that is stored as an object."""
    try:
        info = msgspec.inspect.type_info(kind)
    except (TypeError, NotImplementedError):
        return ()
    if isinstance(info, msgspec.inspect.StructType) and info.array_like:
        return ()
    return (
        info.fields
        if isinstance(info, msgspec.inspect.StructType | msgspec.inspect.DataclassType)
        else ()
    )
