"""`field(A.address.city).set("Oslo")`: conditions and changes that type checkers can read."""

from typing import Generic, Never, cast

from oort.app.handles import codecs
from oort.app.handles.actions import M, N, T, V
from oort.model import items
from oort.model.errors import InvalidUse
from oort.rules.tables import keys
from oort.rules.types import models


class Condition:
    """What must hold for a write, made by `field(…).equals(…)` and `field(…).between(…)`; join them with `&`."""

    __slots__ = ("rule",)

    def __init__(self, rule: items.Condition) -> None:
        self.rule = rule

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(items.All((self.rule, other.rule)))

    def __bool__(self) -> bool:
        raise InvalidUse(
            "A condition has no truth value.",
            "Join conditions with `&`, not with `and`; there is no `not`.",
        )


class Change:
    """What an update does to one attribute, made by `field(…).set(…)` and its like."""

    __slots__ = ("rule",)

    def __init__(self, rule: items.Change) -> None:
        self.rule = rule


class Field(Generic[V]):
    """One attribute of a table's items."""

    __slots__ = ("_path",)

    def __init__(self, path: items.Path) -> None:
        self._path = path

    def set(self, value: V) -> Change:
        """Write the value."""
        return Change(items.SetTo(self._path, codecs.plain(value)))

    def add(self: "Field[N]", amount: N) -> Change:
        """Add to a number; a missing one counts as 0. At least once outside `atomic()`: a redelivery adds again."""
        return Change(items.AddTo(self._path, cast(int | float, codecs.plain(amount))))

    def append(self: "Field[list[M]]", *values: M) -> Change:
        """Append to a list; a missing one counts as empty."""
        return Change(items.AppendTo(self._path, [codecs.plain(value) for value in values]))

    def remove(self: "Field[M | None]") -> Change:
        """Take an optional attribute away."""
        return Change(items.Remove(self._path))

    def equals(self, value: V) -> Condition:
        """The attribute has exactly this value; None also fits a missing one."""
        return Condition(items.Equals(self._path, codecs.plain(value)))

    def between(self, low: V, high: V) -> Condition:
        """The attribute lies between the two, both included."""
        return Condition(items.Between(self._path, keys.part(low), keys.part(high)))


class _Recorder:
    """Looks like an instance of the model; remembers the path instead."""

    __slots__ = ("_kind", "_path")

    def __init__(self, kind: object, path: items.Path) -> None:
        self._kind = kind
        self._path = path

    def __getattr__(self, name: str) -> "_Recorder":
        members = _members(self._kind)
        if name not in members:
            raise AttributeError(
                f"{getattr(self._kind, '__name__', self._kind)} has no field {name!r}"
            )
        encoded, kind = members[name]
        return _Recorder(kind, (*self._path, encoded))

    def _refuse(self, *_: object) -> Never:
        raise InvalidUse(
            "`fields(…)` records names; it holds no values.",
            "Write field(A.state).equals(…) for a condition.",
        )

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __iter__ = __len__ = (
        __hash__
    ) = _refuse


def fields(model: type[T]) -> T:
    """A stand-in for an instance of the model whose attributes are read only through `field(…)`.

    >>> import msgspec
    >>> class Account(msgspec.Struct):
    ...     logins: int = 0
    >>> A = fields(Account)
    >>> field(A.logins).add(1).rule
    AddTo(path=('logins',), amount=1)
    """
    return cast(T, _Recorder(model, ()))


def field(value: V) -> Field[V]:
    """The attribute that was read from `fields(…)`."""
    if not isinstance(value, _Recorder) or not object.__getattribute__(value, "_path"):
        raise InvalidUse(
            f"field({value!r}) is not an attribute.",
            "Write A = fields(Account), then field(A.email).",
        )
    return Field(object.__getattribute__(value, "_path"))


def _members(kind: object) -> dict[str, tuple[str, object]]:
    """Field name -> (name in the stored item, type)."""
    from oort.rules.types import (  # for the first `fields(…)`, and not at a cold start
        reading,
        stored,
    )

    if models.is_model(kind):
        return {one.name: (one.wire, one.kind) for one in models.members(kind)}
    found = stored.structured(reading.compiled(kind))
    if found is None:
        return {}
    return {
        one.name: (one.wire, getattr(stored.structured(one.shape), "kind", object))
        for one in found.fields
    }
