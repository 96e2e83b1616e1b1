"""Upgrades: functions that turn old items and old messages into the present type.

The data has a revision: 1, and one more for each upgrade. An item keeps its revision in an
attribute of its own, a message in its version. Revision 1 has no attribute.
"""

from collections.abc import Sequence
from typing import Protocol, cast, get_type_hints

import msgspec

from oort.app.handles import codecs
from oort.app.handles.handle import Performs, Upgrade
from oort.model import items, operations
from oort.model.errors import InvalidUse, InvalidValue, OortError, Unreadable
from oort.model.messages import Message, Reason
from oort.model.resources import TableModel
from oort.rules.tables import keys

_ATTEMPTS = 5  # other writers may change the item at the same time


class StoredItems(Protocol):
    """The part of a table's declaration that upgrades need."""

    @property
    def model(self) -> TableModel:
        """The table."""
        ...

    @property
    def item(self) -> type[object]:
        """The present type of the items."""
        ...

    @property
    def upgrades(self) -> tuple[Upgrade, ...]:
        """The upgrades, the oldest first."""
        ...

    @property
    def revision(self) -> int:
        """The revision of the items that this program writes."""
        ...

    def write(self, value: object) -> items.Item:
        """Return the typed item in its stored form."""
        ...


def parameter(upgrade: Upgrade) -> object:
    """Return the type that an upgrade takes. Raises TypeError for another signature."""
    hints = get_type_hints(upgrade, include_extras=True)
    taken = [kind for name, kind in hints.items() if name != "return"]
    if len(taken) != 1:
        raise TypeError("an upgrade has one parameter, with its type")
    return taken[0]


def result(upgrade: Upgrade) -> object:
    """Return the type that an upgrade returns; None without an annotation."""
    return get_type_hints(upgrade, include_extras=True).get("return")


def of_item(item: items.Item) -> int:
    """Return the revision of a stored item."""
    revision = item.get(items.REVISION)
    return max(1, revision) if isinstance(revision, int) else 1


def read(item: items.Item, declared: StoredItems) -> object:
    """Return a stored item of any revision as the type of the table.

    Raises Unreadable for an item of a newer program, for an item that does not fit its type, and
    for an upgrade that fails.
    """
    name, revision = declared.model.name, of_item(item)
    plain = {field: value for field, value in item.items() if field != items.REVISION}
    if revision > declared.revision:
        raise Unreadable(
            f"An item of {name} has revision {revision}, and this program knows revision "
            f"{declared.revision}.",
            "Deploy the program that wrote the item, or a newer program.",
        )
    kinds: list[object] = [*map(parameter, declared.upgrades), declared.item]
    start = cast(type[object], kinds[revision - 1])  # checked at load
    value = codecs.typed(plain, start, where=name)
    upgraded = converted(
        value,
        declared.upgrades[revision - 1 :],
        kinds[revision:],
        of=f"the item {_shown(plain, declared.model)} of {name}",
    )
    if revision < declared.revision and _key(upgraded, declared) != keys.of(plain, declared.model):
        raise InvalidUse(
            f"An upgrade of {name} changes the key of an item.",
            "Keep the values of the key. For another key, declare another table.",
        )
    return upgraded


def message(received: Message, kind: object, upgrades: Sequence[Upgrade]) -> object:
    """Return a message of any version as the type of its queue.

    Raises NotUnderstood for a message of a newer program and for a body that does not fit its
    version. Raises Unreadable for an upgrade that fails.
    """
    from oort.rules.messaging import bodies

    version, kinds = received.version, [*map(parameter, upgrades), kind]
    if not 1 <= version <= len(kinds):
        what = f"has version {version}, and this program knows version {len(kinds)}"
        newer = "Deploy the program that sent the message, or a newer program."
        raise bodies.refusal(received, Reason.UNKNOWN_VERSION, what, newer)
    try:
        value = codecs.read(received.body, kinds[version - 1])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"does not fit version {version} ({codecs.title(kinds[version - 1])}): {error}"
        instead = "Give new fields a default."
        raise bodies.refusal(received, Reason.MISFIT, what, instead) from error
    return converted(
        value,
        upgrades[version - 1 :],
        kinds[version:],
        of=f"the message {received.id} of {received.name}",
    )


def converted(
    value: object, upgrades: Sequence[Upgrade], kinds: Sequence[object], *, of: str
) -> object:
    """Return the value after these upgrades, each held against its type. `of` names the value.

    Raises Unreadable for an upgrade that fails: a problem that it raises is no answer to a client.
    """
    for upgrade, kind in zip(upgrades, kinds, strict=True):
        try:
            value = upgrade(value)
            codecs.held(value, kind)
        except (Exception, SystemExit) as error:
            why = error.what if isinstance(error, OortError) else f"{type(error).__name__}: {error}"
            title = getattr(upgrade, "__name__", str(upgrade))
            raise Unreadable(
                f"The upgrade {title} failed for {of}: {why.rstrip('.')}.", "Mend the upgrade."
            ) from error
    return value


def changes(item: items.Item, declared: StoredItems) -> tuple[items.Change, ...]:
    """Return the changes that upgrade a stored item."""
    new = declared.write(read(item, declared))
    key = declared.model.key
    written = [items.SetTo((name,), value) for name, value in new.items() if name not in key]
    removed = [items.Remove((name,)) for name in item if name not in new]
    return (*written, *removed)


def settle(link: Performs, update: operations.UpdateItem, declared: StoredItems) -> bool:
    """Upgrade the stored item of a refused update. False if the item has the present revision.

    Raises Unreadable for an item of a newer program.
    """
    table, key = update.table, update.key
    for _ in range(_ATTEMPTS):
        look = operations.UpdateItem(table, key, (items.AddTo((items.REVISION,), 0),))
        found = link.perform(look)
        stored = found.item if isinstance(found, operations.Found) else None
        if stored is None or of_item(stored) == declared.revision:
            return False
        upgrade = operations.UpdateItem(
            table, key, changes(stored, declared), when=unchanged(stored, declared)
        )
        if isinstance(link.perform(upgrade), operations.Found):
            return True
    return False


def unchanged(item: items.Item, declared: StoredItems) -> items.Condition:
    """Return the condition that the stored item is still this item."""
    names = [name for name in item if name not in declared.model.key]
    parts = [items.Equals((name,), item[name]) for name in names]
    if items.REVISION not in item:
        parts.append(items.Equals((items.REVISION,), None))
    return items.All(tuple(parts))


def _shown(item: items.Item, model: TableModel) -> str:
    """Return the key of an item, for people."""
    return ", ".join(map(str, keys.of(item, model) or ()))


def _key(value: object, declared: StoredItems) -> items.Key | None:
    try:
        return keys.of(declared.write(value), declared.model)
    except InvalidValue:
        return None
