"""Tables and their indexes.

A subclass of Table is the resource; with actions, `People[Get]`, the class describes a handle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, cast

import msgspec

from oort.app.handles import codecs
from oort.app.handles.actions import Can, Check, Delete, Get, K, M, Put, Query, S, Scan, T, Update
from oort.app.handles.fields import Change, Condition
from oort.app.handles.handle import Declaration, ResourceHandle, Upgrade, ask, check_action
from oort.model import items, operations
from oort.model.errors import InvalidUse
from oort.model.problems import NotFound
from oort.model.resources import TableModel
from oort.rules.tables import keys


class Page(msgspec.Struct, Generic[T]):
    """Some items, and where to go on: pass `next` as `after` to get the page behind this one; None on the last."""

    # This sentence is in the API documents and in the lock files of programs: a new one outdates them.

    items: list[T]
    next: str | None = None


class Index(Generic[K, S]):
    """A second order of the items of a table: by `partition`, then by `sort`.

    A query returns all items with the same value in `partition`, ordered by `sort`. An index on the
    table's own key is always up to date; every other index is eventually consistent. An item
    without the fields is not in the index. An index never enforces uniqueness.
    """

    name: str = ""

    def __init__(self, partition: str, sort: str | None = None) -> None:
        self.partition = partition
        self.sort = sort

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class TableDeclaration(Declaration):
    """The record of `@service.table` on the class."""

    model: TableModel
    item: type[object]
    attributes: frozenset[str]  # of the key and the indexes
    upgrades: tuple[Upgrade, ...] = ()

    @property
    def revision(self) -> int:
        """Return the revision of the items that this program writes."""
        return len(self.upgrades) + 1

    def read(self, stored: items.Item) -> object:
        """Return a stored item as the type of the table. See `upgrades.read`."""
        if self.upgrades or items.REVISION in stored:
            from oort.app.handles import upgrades

            return upgrades.read(stored, self)
        return codecs.typed(stored, self.item, where=self.model.name)

    def write(self, value: object) -> items.Item:
        """Return the typed item in its stored form, with a checked key."""
        if not isinstance(value, self.item):
            raise InvalidUse(
                f"{self.model.name} stores {self.item.__name__}, not {type(value).__name__}.",
                f"Pass a {self.item.__name__}.",
            )
        stored = codecs.item(value, self.item, attributes=self.attributes)
        if items.REVISION in stored:  # a model may take further members
            raise InvalidUse(
                f"An item of {self.model.name} has a member {items.REVISION}.",
                "Names that begin with oort: belong to Oort.",
            )
        keys.check(keys.of(stored, self.model) or ("",))
        if self.upgrades:
            stored[items.REVISION] = self.revision
        return stored

    def key(self, value: object) -> items.Key:
        """Return the typed key in its stored form, checked."""
        key = codecs.key(value, self.item, names=self.model.key)
        keys.check(key)
        return key

    def part(self, value: object, name: str | None) -> items.KeyPart:
        """Return a value of an attribute of a key or an index in its stored form."""
        return keys.part(value) if name is None else codecs.part(value, self.item, name)


class Table(ResourceHandle, Generic[K, T, Can]):
    """A table of items.

    Declare a table with `@service.table(name, key=…)` and receive it as `People[Get | Put]`. `get`
    is strongly consistent. A write is durable when the method returns. An item has at most 400 KB
    (DynamoDB). Aware times are stored and returned in UTC. Numbers are decimal: a Decimal comes back
    without trailing zeros.
    """

    __oort__: TableDeclaration
    _ACTIONS = (Get, Put, Update, Delete, Query, Scan, Check)

    def get(self: "Table[K, T, Get]", key: K) -> T | None:
        """Return the item with this key, or None."""
        check_action(self, Get)
        declared = self.__oort__
        result = _item(ask(self._link, operations.GetItem(declared.model.name, declared.key(key))))
        return None if result is None else cast(T, declared.read(result))

    def require(self: "Table[K, T, Get]", key: K) -> T:
        """Return the item with this key. Raises NotFound if there is no item."""
        item = self.get(key)
        if item is None:
            raise NotFound(f"There is no {self.__oort__.item.__name__} {key!r}.")
        return item

    def get_many(self: "Table[K, T, Get]", keys: Sequence[K]) -> list[T]:
        """Return the items with these keys, in the order of the keys.

        At most 100 keys (BatchGetItem). Missing items are left out. A repeated key returns its
        item once.
        """
        check_action(self, Get)
        declared = self.__oort__
        stored_keys = tuple(declared.key(key) for key in keys)
        return (
            _page(self, operations.GetItems(declared.model.name, stored_keys)).items
            if stored_keys
            else []
        )

    def put(
        self: "Table[K, T, Put]",
        item: T,
        *,
        if_absent: bool = False,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Write the complete item.

        Raises InvalidValue for an item that does not fit its type; nothing is then written.

        With `if_absent` the item must not exist, and `when` must hold for the stored item.
        Otherwise raises `otherwise`, or Conflict.

        A table with `version=` protects a read and a later write: the stored item must still have
        the revision of `item`. Revision 0 means a new item, or an item that was stored before the
        table had `version=`. The new revision is written into `item`, unless its type is frozen.
        """
        check_action(self, Put)
        operation = prepare_put(self, item, if_absent=if_absent, when=when)
        ask(self._link, operation, otherwise=(otherwise,))
        advance(self, item)

    def update(
        self: "Table[K, T, Update]",
        key: K,
        *changes: Change,
        initial: T | None = None,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> T:
        """Change attributes and return the new item.

        If the item does not exist, the changes apply to `initial`; without `initial` raises
        NotFound. If `when` does not hold, raises `otherwise`, or Conflict. Raises InvalidUse for a
        change of the key.
        """
        check_action(self, Update)
        operation = prepare_update(self, key, changes, initial, when)
        try:
            changed = ask(self._link, operation, otherwise=(otherwise,))
        except Exception:
            if not upgraded(self, operation):
                raise
            changed = ask(self._link, operation, otherwise=(otherwise,))
        result = _item(changed)
        assert result is not None
        return cast(T, self.__oort__.read(result))

    def delete(
        self: "Table[K, T, Delete]",
        key: K,
        *,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Remove the item.

        A missing item is not an error without `when`. If `when` does not hold, raises `otherwise`,
        or Conflict.
        """
        check_action(self, Delete)
        ask(self._link, prepare_delete(self, key, when), otherwise=(otherwise,))

    def query(
        self: "Table[K, T, Query]",
        index: Index[M, S],
        partition: M,
        *,
        at_least: S | None = None,
        below: S | None = None,
        starts_with: str | None = None,
        reverse: bool = False,
        limit: int = 100,
        after: str | None = None,
        where: Condition | None = None,
    ) -> Page[T]:
        """Return a page of the items of a partition, in the order of the sort key.

        `at_least` is included, `below` is excluded; or `starts_with` selects texts by their
        beginning. `reverse` turns the order round. Pass a page's `next` as `after` to get the next
        page; a cursor of another query is a problem with status 400. `limit` (1 to 1000) counts the
        items that are read. `where` filters afterwards, so a page may have fewer items, or none.
        """
        check_action(self, Query)
        _check_index(self, index)
        part = self.__oort__.part
        return _page(
            self,
            operations.QueryIndex(
                self.__oort__.model.name,
                index.name,
                part(partition, index.partition),
                at_least=None if at_least is None else part(at_least, index.sort),
                below=None if below is None else part(below, index.sort),
                starts_with=starts_with,
                reverse=reverse,
                limit=limit,
                after=after,
                where=None if where is None else where.rule,
            ),
        )

    def scan(
        self: "Table[K, T, Scan]",
        *,
        limit: int = 100,
        after: str | None = None,
        where: Condition | None = None,
    ) -> Page[T]:
        """Return a page of all items of the table, in any order.

        An item that exists from the first page to the last is in exactly one page. See `query`
        for the arguments.
        """
        check_action(self, Scan)
        return _page(
            self,
            operations.ScanTable(
                self.__oort__.model.name,
                limit=limit,
                after=after,
                where=None if where is None else where.rule,
            ),
        )


def prepare_put(
    table: Table[K, T, Put], item: T, *, if_absent: bool, when: Condition | None
) -> operations.PutItem:
    """Return the operation of a put, with the condition of a versioned table."""
    declared = table.__oort__
    stored = declared.write(item)
    rule = None if when is None else when.rule
    version = declared.model.version
    if version is not None:
        revision = getattr(item, version)
        if not isinstance(revision, int):
            what = f"{declared.model.name}: {version} is {revision!r}."
            raise InvalidUse(
                what,
                "The version must be an int: 0 for a new item, otherwise the value that was read.",
            )
        stored[version] = revision + 1
        # Without a revision there is no item yet, or one of a program without `version=`.
        none = items.Equals((version,), None, before=0)
        guard = items.Equals((version,), revision) if revision else none
        rule = guard if rule is None else items.All((guard, rule))
    return operations.PutItem(declared.model.name, stored, if_absent, rule)


def prepare_update(
    table: Table[K, T, Update],
    key: K,
    changes: tuple[Change, ...],
    initial: T | None,
    when: Condition | None,
) -> operations.UpdateItem:
    """Return the operation of an update. The revision of a versioned table grows by 1."""
    declared = table.__oort__
    rules = tuple(change.rule for change in changes)
    if not rules:
        raise InvalidUse(
            f"{declared.model.name}: update() has no changes.",
            "Pass at least one change: field(A.state).set(…).",
        )
    for change in rules:
        if change.path[0] in declared.model.key:
            raise InvalidUse(
                f"{declared.model.name}: {change.path[0]} is part of the key.",
                "Put a new item and delete this one.",
            )
    version = declared.model.version
    if version is not None:
        rules = (*rules, items.AddTo((version,), 1))
    if declared.upgrades:  # no item of another revision takes this
        now = declared.revision
        rules = (*rules, items.AddTo((items.REVISION,), 0, items.Bounds(ge=now, le=now)))
    start = None if initial is None else declared.write(initial)
    if start is not None and keys.of(start, declared.model) != declared.key(key):
        raise InvalidUse(
            f"{declared.model.name}: initial= has another key than {key!r}.",
            "Use the key of the update in initial=.",
        )
    rule = None if when is None else when.rule
    return operations.UpdateItem(declared.model.name, declared.key(key), rules, start, rule)


def upgraded(table: Table[K, T, Can], update: operations.UpdateItem) -> bool:
    """Upgrade the stored item of a refused update. False if there is nothing to upgrade."""
    if not table.__oort__.upgrades:
        return False
    from oort.app.handles import upgrades  # for tables with upgrades only

    return upgrades.settle(table._link, update, table.__oort__)


def prepare_delete(
    table: Table[K, T, Delete], key: K, when: Condition | None
) -> operations.DeleteItem:
    declared = table.__oort__
    return operations.DeleteItem(
        declared.model.name, declared.key(key), None if when is None else when.rule
    )


def advance(table: Table[K, T, Put], item: T) -> None:
    """Write the stored revision into the item after a put. Frozen items do not change."""
    version = table.__oort__.model.version
    if version is None:
        return
    try:
        setattr(item, version, getattr(item, version) + 1)
    except (AttributeError, TypeError):
        return


def _check_index(table: object, index: Index[K, S]) -> None:
    if getattr(type(table), index.name, None) is not index:
        name = type(table).__name__
        raise InvalidUse(
            f"{index.name or 'The index'} is not an index of {name}.",
            f"Name an index of {name}: {name}.….",
        )


def _item(result: operations.Result) -> items.Item | None:
    assert isinstance(result, operations.Found)  # the result of reads and updates of an item
    return result.item


def _page(
    table: "Table[K, T, Can]",
    operation: operations.QueryIndex | operations.ScanTable | operations.GetItems,
) -> Page[T]:
    result = ask(table._link, operation)
    assert isinstance(result, operations.Listed)
    read = table.__oort__.read
    return Page([cast(T, read(item)) for item in result.items], result.next)
