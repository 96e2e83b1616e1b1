"""Types that a later version of a program may add to: enums, and unions of tagged Structs. Part of the public surface.

Here is what they are; `rules.models` reads and writes them, `rules.opening` says what in a value is not known.
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
    """An enum of texts that reads a text it does not know too, so that adding a value to it breaks no consumer.

    The value of such a member is the text, its `known` is False. Every read makes another one: compare with `==`, which
    holds for the same text, and not with `is`. It is written as it was read, in replies, tables and queues; only to publish
    it in an event raises InvalidEvent, since an event promises to hold known values. Anything but a text raises ValueError.

    Type checkers believe that a `match` over all members leaves nothing over: look at `known` first.

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
        """Whether the class lists the value."""
        return type(self)._value2member_map_.get(self._value_) is self

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """A member outside of the class, which keeps no trace of it: what a stranger sends must not grow a cache."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str.__str__(value)
        return member

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: object, _handler: object) -> dict[str, object]:
        """What pydantic, which reads it in the same way, says of it in a model's schema."""
        return {"title": cls.__name__, "type": "string", "examples": [one.value for one in cls]}

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
    """An object that was read where `Open[…]` stands, with a tag that none of its Structs has: the tag, and all of the object.

    It is written as it was read, in replies, tables and queues; only to publish it in an event raises InvalidEvent. Numbers
    in `data` are int and float.

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
    """The type of what `Open[…]` makes: a class that the Structs of the union and Unknown are instances of. `rules` read it.

    It is a class, and no union, since msgspec asks a hook for classes that it does not know, and for nothing else.
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
        """`shape: Open[Circle | Square]`: one of these tagged Structs, or an `Unknown` that holds what a later version sends.

        For type checkers it is `Circle | Square | Unknown`. The object must have a tag, even if there is only one Struct; a
        known tag with content that does not fit is an error, as ever. It may be a body or a message, and stand in lists,
        dicts and fields of Structs, also as `Open[…] | None`; not in pydantic models, nor as the items of a table. A number
        for a Decimal in it is read as a float first: send Decimals as texts. msgspec itself reads it only with Oort's hook,
        as handlers, tables and tests do.

        Raises InvalidUse for anything but Structs with texts as tags, under one tag field.

        >>> from oort import Open
        >>> class Circle(msgspec.Struct, tag="circle"):
        ...     radius: int
        >>> class Drawing(msgspec.Struct):
        ...     shapes: list[Open[Circle]]
        >>> from oort.rules.types import opening
        >>> body = b'{"shapes": [{"type": "circle", "radius": 1}, {"type": "star", "points": 5}]}'
        >>> opening.decode(Drawing, body).shapes
        [Circle(radius=1), Unknown(tag='star', data={'type': 'star', 'points': 5})]
        """

        def __class_getitem__(cls, arms: object) -> OpenUnion:
            return open_union(arms)


def is_open_enum(kind: object) -> bool:
    """Whether the type is an OpenEnum."""
    return isinstance(kind, type) and issubclass(kind, OpenEnum)


def open_union(arms: object) -> OpenUnion:
    """The class for a union of Structs, the same one each time. Raises InvalidUse as `Open` says."""
    return _made(tuple(_members(arms)))


def _members(kind: object) -> Iterator[object]:
    plain: object = getattr(kind, "__value__", kind)  # behind a `type` statement
    if get_origin(plain) in (Union, UnionType):
        for one in get_args(plain):
            yield from _members(one)
    else:
        yield plain


@cache
def _made(arms: tuple[object, ...]) -> OpenUnion:
    tagged = {tag: (field, arm) for field, tag, arm in map(_tagged, arms)}
    fields = {field for field, _ in tagged.values()}
    if len(tagged) < len(arms) or len(fields) > 1:
        raise InvalidUse(
            "Two Structs of an Open[…] have the same tag, or different tag fields.",
            'Give each a tag of its own, class Circle(msgspec.Struct, tag="circle"), and all the same tag_field.',
        )
    names = " | ".join(getattr(arm, "__name__", repr(arm)) for arm in arms)
    members = {
        "tag_field": fields.pop(),
        "arms": {tag: arm for tag, (_, arm) in tagged.items()},
        "classes": (Unknown, *(get_origin(arm) or arm for arm in arms)),
    }
    return OpenUnion(f"Open[{names}]", (), members)


def _tagged(arm: object) -> tuple[str, str, object]:
    """The tag field, the tag and the Struct."""
    plain = get_origin(arm) or arm
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        config = plain.__struct_config__
        if isinstance(config.tag, str) and config.tag_field is not None and not config.array_like:
            return config.tag_field, config.tag, arm
    raise InvalidUse(
        f"{getattr(arm, '__name__', repr(arm))} cannot be in an Open[…].",
        'Name Structs with a text as their tag, class Circle(msgspec.Struct, tag="circle"); `| None` stands outside, and '
        "quotes around the whole annotation.",
    )
