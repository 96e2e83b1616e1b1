"""Types that a later version may extend: enums, and unions of tagged Structs.

Part of the public API.

`rules.types.models` reads and writes these types, `rules.types.opening` lists unknown values.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from oort.model.errors import InvalidUse
from oort.model.problems import Json

S = TypeVar("S", bound=msgspec.Struct)


class OpenEnum(StrEnum):
    """A text enum that also reads unknown texts, so that a new member breaks no consumer.

    The value of an unknown member is the text, and its `known` is False. Every read makes a new
    member: compare with `==`, which holds for the same text, and not with `is`. Unknown members are
    written unchanged in replies, tables and queues. Only an event with an unknown member cannot be
    published (InvalidEvent), since an event promises known values. A value that is not a text
    raises ValueError.

    Type checkers believe that a `match` over all members is exhaustive: check `known` first.

    >>> class Country(OpenEnum):
    ...     NO = "no"
    ...     SE = "se"
    >>> msgspec.json.decode(b'["no", "dk"]', type=list[Country])
    [<Country.NO: 'no'>, <Country 'dk', not known>]
    >>> Country("dk").known, Country("dk") == Country("dk")
    (False, True)
    """

    @property
    def known(self) -> bool:
        """True if the class lists the value."""
        return type(self)._value2member_map_.get(self._value_) is self

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Return a new member that the class does not keep.

        A cache of unknown members would grow with the input from clients.
        """
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str.__str__(value)
        return member

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: object, _handler: object) -> dict[str, object]:
        """Return the schema of the enum inside of a pydantic model.

        pydantic reads unknown texts too.
        """
        examples = [member.value for member in cls]
        return {"title": cls.__name__, "type": "string", "examples": examples}

    def __repr__(self) -> str:
        return (
            super().__repr__()
            if self.known
            else f"<{type(self).__name__} {self._value_!r}, not known>"
        )

    def __reduce_ex__(self, _: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._value_,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self


class Unknown:
    """An object that was read as `Open[…]` and has a tag of none of the Structs.

    Unknown objects keep their tag and all their data, and are written unchanged in replies, tables
    and queues. Only an event with an Unknown cannot be published (InvalidEvent). Numbers in `data`
    are int and float.

    >>> Unknown("star", {"type": "star", "points": 5})
    Unknown(tag='star', data={'type': 'star', 'points': 5})
    """

    __slots__ = ("data", "tag")
    __match_args__ = ("tag", "data")

    tag: str
    data: dict[str, Json]

    def __init__(self, tag: str, data: dict[str, Json]) -> None:
        self.tag = tag
        self.data = data

    def __eq__(self, other: object) -> bool:
        return (
            (self.tag, self.data) == (other.tag, other.data)
            if isinstance(other, Unknown)
            else NotImplemented
        )

    def __hash__(self) -> int:
        return hash(self.tag)  # equal ones have equal tags, and `data` has no hash

    def __repr__(self) -> str:
        return f"Unknown(tag={self.tag!r}, data={self.data!r})"


class OpenUnion(type):
    """The metaclass of each `Open[…]`, a class with the Structs and Unknown as its instances.

    `Open[…]` is a class and not a union, since msgspec calls its hook only for classes that it does
    not know.
    """

    tag_field: str
    arms: dict[str, type]
    classes: tuple[type, ...]

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.classes)


if TYPE_CHECKING:
    Open: TypeAlias = S | Unknown
else:

    class Open:
        """One of these tagged Structs, or an `Unknown` of a later version: `Open[Circle | Square]`.

        For type checkers it is `Circle | Square | Unknown`. The object must have a tag, even with a
        single Struct. A known tag with content that does not fit is an error, as usual.

        `Open[…]` may be a body or a message, and stand in lists, dicts and fields of Structs, also
        as `Open[…] | None`. It may not stand in pydantic models, nor as the items of a table. A
        number for a Decimal in it is read as a float first: send Decimals as texts. msgspec decodes
        it only with Oort's hook, as handlers, tables and tests do.

        Raises InvalidUse for anything but Structs with texts as tags, under one tag field.

        >>> from oort import Open
        >>> class Circle(msgspec.Struct, tag="circle"):
        ...     radius: int
        >>> class Drawing(msgspec.Struct):
        ...     shapes: list[Open[Circle]]
        >>> from oort.rules.types import values
        >>> body = b'{"shapes": [{"type": "circle", "radius": 1}, {"type": "star", "points": 5}]}'
        >>> values.compiled(Drawing).read(body).shapes
        [Circle(radius=1), Unknown(tag='star', data={'type': 'star', 'points': 5})]
        """

        def __class_getitem__(cls, arms: object) -> OpenUnion:
            return open_union(arms)


def is_open_enum(kind: object) -> bool:
    """True if the type is an OpenEnum."""
    return isinstance(kind, type) and issubclass(kind, OpenEnum)


def open_union(arms: object) -> OpenUnion:
    """Return the class for a union of Structs, the same class each time.

    Raises InvalidUse as `Open` does.
    """
    return _class_for(tuple(_members(arms)))


def _members(kind: object) -> Iterator[object]:
    plain: object = getattr(kind, "__value__", kind)  # behind a `type` statement
    if get_origin(plain) in (Union, UnionType):
        for member in get_args(plain):
            yield from _members(member)
    else:
        yield plain


@cache
def _class_for(arms: tuple[object, ...]) -> OpenUnion:
    tagged = {tag: (field, arm) for field, tag, arm in map(_tagged, arms)}
    fields = {field for field, _ in tagged.values()}
    if len(tagged) < len(arms) or len(fields) > 1:
        raise InvalidUse(
            "Two Structs of an Open[…] have the same tag, or different tag fields.",
            'Give each a tag of its own, class Circle(msgspec.Struct, tag="circle"), '
            "and all the same tag_field.",
        )
    names = " | ".join(getattr(arm, "__name__", repr(arm)) for arm in arms)
    members = {
        "tag_field": fields.pop(),
        "arms": {tag: arm for tag, (_, arm) in tagged.items()},
        "classes": (Unknown, *(get_origin(arm) or arm for arm in arms)),
    }
    return OpenUnion(f"Open[{names}]", (), members)


def _tagged(arm: object) -> tuple[str, str, object]:
    """Return the tag field, the tag and the Struct."""
    plain = get_origin(arm) or arm
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        config = plain.__struct_config__
        if isinstance(config.tag, str) and config.tag_field is not None and not config.array_like:
            return config.tag_field, config.tag, arm
    raise InvalidUse(
        f"{getattr(arm, '__name__', repr(arm))} cannot be in an Open[…].",
        'Name Structs with a text as their tag, class Circle(msgspec.Struct, tag="circle"); '
        "`| None` stands outside, and quotes around the whole annotation.",
    )
