"""Check a class with `@service.table` and record its model as `__oort__` on the class."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import UnionType
from typing import Union, get_args, get_origin

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.handles.handle import Upgrade, declaration
from oort.app.handles.tables import Index, Table, TableDeclaration
from oort.model import limits
from oort.model.errors import Mistake
from oort.model.resources import IndexModel, TableModel


def declare(
    declared: ResourceDeclared,
    *,
    key: tuple[str, ...],
    version: str | None,
    upgrades: tuple[Upgrade, ...],
) -> tuple[TableModel | None, list[Mistake]]:
    """Return the model of the class and its mistakes; no model if the class is not a Table."""
    arguments = declared.arguments(Table)
    if arguments is None:
        return None, [declared.wrong_base("Table[str, Account, Can]")]
    mistakes, item = declared.naming(), arguments[1]
    if not isinstance(item, type):
        return None, [*mistakes, _no_object(declared, item)]
    if len(key) not in (1, 2):
        what = f"{declared.cls.__name__}: a key of {len(key)} fields is not possible."
        return None, [*mistakes, declared.mistake("table.key", what, "Name one or two fields.")]
    if len(set(key)) < len(key):
        what = f"{declared.cls.__name__}: the key names {key[0]} twice."
        return None, [*mistakes, declared.mistake("table.key", what, "Name two fields, or one.")]
    indexes = tuple(_indexes(declared.cls, key))
    mistakes += _index_mistakes(declared, indexes)
    model = TableModel(
        name=f"{declared.service}.{declared.name}",
        service=declared.service,
        partition=key[0],
        sort=key[1] if len(key) > 1 else None,
        version=version,
        indexes=indexes,
        source=declared.source,
        revision=len(upgrades) + 1,
    )
    _record(declared, model, item, upgrades)
    return model, mistakes


def check(declared: ResourceDeclared, model: TableModel) -> tuple[TableModel | None, list[Mistake]]:
    """Check the type of the items, and add to the model which attributes are numbers.

    Lambda does without: the deployment has checked the types, and only a template needs `numeric`.
    """
    from oort.app.declaring import upgrades
    from oort.app.declaring.signatures import unreadable
    from oort.rules.types import stored

    arguments = declared.checked_arguments(Table)
    item = arguments[1]
    if problem := unreadable(item):
        return None, [_no_object(declared, item, problem)]
    fields = stored.names(item)
    if fields is None or not isinstance(item, type):
        return None, [_no_object(declared, item)]
    attributes, mistakes = _attributes(model), list[Mistake]()
    used = set(attributes)
    if model.version:
        mistakes += _version_mistakes(declared, item, model.version, used)
        used.add(model.version)
    mistakes += _name_mistakes(declared, item, fields, used)
    types = {name: stored.key_type(item, name) for name in sorted(used - {model.version})}
    mistakes += _type_mistakes(declared, types)
    mistakes += _key_mistakes(declared, arguments[0], item, model)
    numeric = frozenset(name for name in types if types[name] == "number")
    recorded = declaration(declared.cls)
    assert isinstance(recorded, TableDeclaration)  # since `declare`
    refused = list(upgrades.mistakes(declared, recorded.upgrades, item, key=model.key))
    mistakes += refused
    schemas = () if refused else upgrades.schemas(recorded.upgrades, item)
    complete = replace(model, numeric=numeric, schemas=schemas)
    _record(declared, complete, item, recorded.upgrades)
    return complete, mistakes


def _name_mistakes(
    declared: ResourceDeclared, item: type[object], fields: Mapping[str, str], used: set[str]
) -> Iterator[Mistake]:
    """Yield a mistake for each name that is no field, is renamed, or belongs to Oort."""
    from oort.rules.types import stored

    title = declared.cls.__name__
    for name in sorted(used - fields.keys()):
        what = f"{title}: {item.__name__} has no field {name!r}."
        yield declared.mistake("table.field", what, f"Its fields are: {', '.join(fields)}.")
    for name in stored.reserved(item):
        what = f"{title}: a field of {item.__name__} is stored as {name!r}."
        instead = "Names that begin with oort: or ~ belong to Oort: give the field another name."
        yield declared.mistake("table.reserved", what, instead)
    for name in sorted(name for name in used & fields.keys() if fields[name] != name):
        what = f"{title}: {name} is stored as {fields[name]!r}."
        instead = "Fields of a key, an index or a version keep their name."
        yield declared.mistake("table.renamed", what, instead)


def _type_mistakes(declared: ResourceDeclared, types: Mapping[str, str]) -> Iterator[Mistake]:
    """Yield a mistake for each attribute of a key or an index that has no order."""
    title = declared.cls.__name__
    for name in (name for name in types if types[name] == "mixed"):
        what = f"{title}: {name} may be text and a number."
        instead = "DynamoDB needs text or a number: give the field one type."
        yield declared.mistake("table.key-type", what, instead)
    for name in (name for name in types if types[name] == "none"):
        what = f"{title}: {name} cannot be in a key or an index."
        instead = (
            "Keys are str, int, float, Decimal, date, datetime (with a time zone), UUID or Enum."
        )
        yield declared.mistake("table.key-type", what, instead)


def _key_mistakes(
    declared: ResourceDeclared, key: object, item: type[object], model: TableModel
) -> Iterator[Mistake]:
    """Yield a mistake for each part of the key that may be None or differs from its field."""
    from oort.rules.types import stored

    for name in (name for name in model.key if stored.may_be_none(item, name)):
        what = f"{declared.cls.__name__}: {name} may be None, and each item has a key."
        instead = f"Remove None from the type of {name}. Only a field of an index may be None."
        yield declared.mistake("table.key-type", what, instead)

    kinds = get_args(key) if len(model.key) > 1 and get_origin(key) is tuple else (key,)
    if len(kinds) != len(model.key):
        what = f"{declared.cls.__name__}: the key has {len(model.key)} fields, and Table[…] names {len(kinds)}."
        yield declared.mistake("table.key-type", what, "Write Table[tuple[str, str], Item, Can].")
        return
    for name, kind in zip(model.key, kinds, strict=True):
        field, given = stored.key_type(item, name), stored.kind_of(kind)
        if "mixed" not in (field, given) and "none" not in (field, given) and field != given:
            what = f"{declared.cls.__name__}: {name} is a {field} in {item.__name__}, and a {given} in Table[…]."
            yield declared.mistake(
                "table.key-type", what, "Name the type of the field in Table[…]."
            )


def _record(
    declared: ResourceDeclared,
    model: TableModel,
    item: type[object],
    upgrades: tuple[Upgrade, ...],
) -> None:
    attributes = _attributes(model) - {model.version}
    record = TableDeclaration(model, item, attributes, upgrades)
    declared.cls.__oort__ = record  # type: ignore[attr-defined]


def _attributes(model: TableModel) -> frozenset[str]:
    """The attributes of the key and the indexes."""
    indexed = ((index.partition, index.sort) for index in model.indexes)
    return frozenset((*model.key, *(name for pair in indexed for name in pair if name)))


def _no_object(declared: ResourceDeclared, item: object, problem: str = "") -> Mistake:
    title = getattr(item, "__name__", item) if isinstance(item, type) else item
    stores = f"{declared.cls.__name__} stores {title}"
    if problem:
        instead = (
            "Store a msgspec.Struct or a dataclass. Check a Decimal's bounds in __post_init__."
        )
        what = f"{stores}, which cannot be JSON: {problem}."
    elif get_origin(item) in (Union, UnionType):
        what = f"{stores}, a union; an item must be a single Struct or dataclass."
        instead = "Store a Struct that has the key, and the union as a field."
    elif isinstance(get_origin(item), type) and hasattr(get_origin(item), "__parameters__"):
        what = f"{stores}, a generic class with arguments; an item needs a class of its own."
        instead = f"Write class Item({title}): ... and store Item."
    elif getattr(getattr(item, "__struct_config__", None), "array_like", False):
        what = f"{stores}, a Struct that is written as a list; an item must be an object."
        instead = f"Remove array_like=True from {title}."
    else:
        what = f"{stores}; an item must be a Struct or a dataclass."
        instead = "Store a msgspec.Struct or a dataclass."
    return declared.mistake("table.item", what, instead)


def _index_mistakes(
    declared: ResourceDeclared, indexes: tuple[IndexModel, ...]
) -> Iterator[Mistake]:
    count = sum(not index.primary for index in indexes)
    if count > limits.INDEXES_PER_TABLE:
        what = f"{declared.cls.__name__} has {count} indexes."
        yield declared.mistake(
            "table.indexes", what, f"DynamoDB allows {limits.INDEXES_PER_TABLE}."
        )
    for index in (index for index in indexes if index.sort == index.partition):
        what = f"{declared.cls.__name__}.{index.name} is sorted by its partition, {index.sort}."
        yield declared.mistake("table.indexes", what, "Remove sort=, or name another field.")


def _version_mistakes(
    declared: ResourceDeclared, item: object, name: str, used: set[str]
) -> Iterator[Mistake]:
    """Add a mistake if the version cannot count all writes, or is part of a key or an index."""
    from oort.rules.types import stored

    if not stored.may_be_version(item, name, taken=name in used):
        what = f"{declared.cls.__name__}: {name} cannot be the version."
        instead = f"Give the version a field of its own, without bounds: {name}: int = 0."
        yield declared.mistake("table.version", what, instead)


def _indexes(cls: type, key: tuple[str, ...]) -> Iterator[IndexModel]:
    for name, value in vars(cls).items():
        if isinstance(value, Index):
            same = (value.partition, value.sort) == (key[0], next(iter(key[1:]), None))
            yield IndexModel(name, value.partition, value.sort, same)
