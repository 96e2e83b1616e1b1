"""What a type consists of: the types of its fields, elements and arms. Read by those who walk types; it decides nothing."""

from msgspec import inspect

from oort.model.opens import OpenUnion


def inside(shape: inspect.Type) -> list[inspect.Type]:
    """The parts of a type, one level deep.

    >>> inside(inspect.type_info(list[int]))
    [IntType(gt=None, ge=None, lt=None, le=None, multiple_of=None)]
    """
    if isinstance(
        shape,
        inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType,
    ):
        return [field.type for field in shape.fields]
    if isinstance(shape, inspect.UnionType):
        return list(shape.types)
    if isinstance(shape, inspect.TupleType):
        return list(shape.item_types)
    if isinstance(shape, inspect.DictType):
        return [shape.key_type, shape.value_type]
    if isinstance(shape, inspect.CollectionType):
        return [shape.item_type]
    if isinstance(shape, inspect.CustomType) and isinstance(shape.cls, OpenUnion):
        return arms(shape.cls)
    return [shape.type] if isinstance(shape, inspect.Metadata) else []


def arms(kind: OpenUnion) -> list[inspect.Type]:
    """The Structs of an open union."""
    return list(inspect.multi_type_info(list(kind.arms.values())))
