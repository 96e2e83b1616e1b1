"""Conditions and changes that type checkers can read: `field(A.address.city).set("Oslo")`."""

from datetime import datetime
from types import NoneType
from typing import Any, Generic, Never, cast

from oort.app.handles import codecs
from oort.app.handles.actions import M, N, T, V
from oort.model import items
from oort.model.errors import InvalidUse, InvalidValue
from oort.rules.tables import keys
from oort.rules.types import models

# Values without a Decimal inside.
_SCALARS = (str, int, float, datetime, NoneType)


class Condition:
    """A condition for a write or a filter of a query.

    Make conditions with `field(…).equals(…)` and `field(…).between(…)`; join them with `&`.
    """

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
    """A change of an attribute by an update.

    Make changes with `field(…).set(…)`, `add`, `append` and `remove`.
    """

    __slots__ = ("rule",)

    def __init__(self, rule: items.Change) -> None:
        self.rule = rule


class Field(Generic[V]):
    """An attribute of a table's items."""

    __slots__ = ("_kind", "_path", "_required", "_within")

    def __init__(
        self, path: items.Path, kind: object, *, required: bool, within: tuple[type, str] | None
    ) -> None:
        self._path = path
        self._kind = kind
        self._required = required
        self._within = within  # the pydantic model with the field, and the name there

    def set(self, value: V) -> Change:
        """Set the attribute to the value. Raises InvalidValue if the value does not fit its type."""
        plain = codecs.plain(value, self._kind)
        if self._within is not None:
            from oort.rules.types import modelled  # for pydantic models only

            self._refuse(modelled.misfit(*self._within, plain))
        return Change(items.SetTo(self._path, plain))

    def add(self: "Field[N]", amount: N) -> Change:
        """Add to a number; a missing attribute counts as 0. The sum is exact.

        Outside `atomic()` the addition happens at least once: a redelivery adds again. The update
        raises InvalidValue if the sum would be out of the bounds of the type, or would have more
        than 38 digits.
        """
        from oort.rules.types import stored  # at the first change, not at a cold start

        added = cast(items.Number, codecs.plain(amount, stored.number(self._kind)))
        within, texts = stored.bounds(self._kind), stored.is_exact(self._kind)
        if self._within is not None:
            from oort.rules.types import modelled  # for pydantic models only

            limits = modelled.limits(*self._within)
            self._refuse(modelled.step_misfit(limits, added))
            within = limits.within
        return Change(items.AddTo(self._path, added, within, texts))

    def append(self: "Field[list[M]]", *values: M) -> Change:
        """Append values to a list; a missing attribute counts as an empty list.

        Raises InvalidValue if a value does not fit the type. The update raises InvalidValue if the
        list would become longer than its type allows.
        """
        from oort.rules.types import stored  # at the first change, not at a cold start

        kind = stored.element(self._kind)
        added, most = [codecs.plain(value, kind) for value in values], stored.most(self._kind)
        if self._within is not None:
            from oort.rules.types import modelled  # for pydantic models only

            for each in added:
                self._refuse(modelled.element_misfit(*self._within, each))
            most = modelled.limits(*self._within).most
        return Change(items.AppendTo(self._path, added, most))

    def remove(self: "Field[M | None]") -> Change:
        """Remove an attribute that has a default. Raises InvalidValue for any other attribute."""
        if self._required:
            name = ".".join(map(str, self._path))
            raise InvalidValue(
                f"{name} is a required field.", "Give the field a default, or set it."
            )
        return Change(items.Remove(self._path))

    def _refuse(self, misfit: str) -> None:
        if misfit:
            raise InvalidValue(
                f"{'.'.join(self._path)} does not take this value: {misfit}.",
                "Nothing was written. Make the value fit the declared type, or change the type.",
            )

    def equals(self, value: V) -> Condition:
        """Require exactly this value; None also accepts a missing attribute."""
        codecs.compared(value, self._kind)
        plain = codecs.plain(value, Any)
        before = None if isinstance(value, _SCALARS) else codecs.texts(value)
        return Condition(items.Equals(self._path, plain, None if before == plain else before))

    def between(self, low: V, high: V) -> Condition:
        """Require a value from `low` to `high`, both included."""
        from oort.rules.types import reading  # at the first condition, not at a cold start

        form = reading.form([reading.compiled(self._kind)])
        low_part, high_part = keys.formed(low, form), keys.formed(high, form)
        return Condition(items.Between(self._path, low_part, high_part))


class _Recorder:
    """A stand-in for an instance of the model; it records the path of an attribute."""

    __slots__ = ("_kind", "_path", "_required", "_within")

    def __init__(
        self,
        kind: object,
        path: items.Path,
        *,
        required: bool = True,
        within: tuple[type, str] | None = None,
    ) -> None:
        self._kind = kind
        self._path = path
        self._required = required
        self._within = within

    def __getattr__(self, name: str) -> "_Recorder":
        members = _members(self._kind)
        if name not in members:
            raise AttributeError(
                f"{getattr(self._kind, '__name__', self._kind)} has no field {name!r}"
            )
        member = members[name]
        path, kind = (*self._path, member.wire), self._kind
        within = (kind, name) if isinstance(kind, type) and models.is_model(kind) else None
        return _Recorder(member.kind, path, required=member.required, within=within)

    def _refuse(self, *_: object) -> Never:
        raise InvalidUse(
            "`fields(…)` records names and has no values.",
            "Write field(A.state).equals(…) for a condition.",
        )

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __iter__ = __len__ = (
        __hash__
    ) = _refuse


def fields(model: type[T]) -> T:
    """Return a stand-in for an instance of the model, whose attributes go into `field(…)`.

    >>> import msgspec
    >>> class Account(msgspec.Struct):
    ...     logins: int = 0
    >>> A = fields(Account)
    >>> field(A.logins).add(1).rule
    AddTo(path=('logins',), amount=1, within=None, texts=False)
    """
    return cast(T, _Recorder(model, ()))


def field(value: V) -> Field[V]:
    """Return an attribute of `fields(…)`. Raises InvalidUse for any other value."""
    if not isinstance(value, _Recorder) or not object.__getattribute__(value, "_path"):
        raise InvalidUse(
            f"field({value!r}) is not an attribute.",
            "Write A = fields(Account), then field(A.email).",
        )
    return Field(value._path, value._kind, required=value._required, within=value._within)


def _members(kind: object) -> dict[str, models.Member]:
    """Map each field to its name in the stored item and its type."""
    from oort.rules.types import (  # loaded at the first `fields(…)`, not at a cold start
        reading,
        stored,
    )

    if models.is_model(kind):
        return {member.name: member for member in models.members(kind)}
    shape = stored.structured(reading.compiled(kind))
    if shape is None:
        return {}
    return {
        field.name: models.Member(field.name, field.wire, field.shape.kind, field.required)
        for field in shape.fields
    }
