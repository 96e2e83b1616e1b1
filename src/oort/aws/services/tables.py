"""The Tables port on DynamoDB. Conditions, sizes, numbers and keys are judged by `rules` before anything is sent.
What only writes or only pages need is loaded by them, since most functions start to read one item.

Each operation needs the one permission that its name says, and no other: many items are read with GetItem, and an update
creates with UpdateItem.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from oort.aws.clients import Clients
from oort.aws.dynamodb import condition_failures
from oort.aws.dynamodb.condition_failures import CANCELLED, CONFLICT, FAILED, INVALID
from oort.aws.failures import Rejected, ask
from oort.aws.system import MachineEntropy
from oort.model import limits
from oort.model.errors import LimitExceeded
from oort.model.items import Item, Key
from oort.model.operations import (
    DeleteItem,
    GetItems,
    Listed,
    PutItem,
    QueryIndex,
    ScanTable,
    UpdateItem,
)
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.tables import attributes, keys
from oort.rules.tables import items as rules
from oort.rules.tables.attributes import Attributes

if TYPE_CHECKING:
    from oort.aws.client_types import PageAnswer
    from oort.aws.dynamodb.conflict_retries import Patience
    from oort.aws.dynamodb.updates import Known

A = TypeVar("A")

_WRITE = frozenset({FAILED, INVALID, CONFLICT})


class Tables:
    """Tables of one stage. A table that the program does not have is a KeyError."""

    def __init__(
        self,
        clients: Clients,
        *,
        platform: PlatformModel,
        location: Location,
        patience: "Patience | None" = None,
    ) -> None:
        self._clients = clients
        self._tables = {table.name: table for table in platform.tables}
        self._location = location
        self._given_patience = patience

    @cached_property
    def _patience(self) -> "Patience":
        from oort.aws.dynamodb.conflict_retries import Patience  # a read of one item never waits

        return self._given_patience or Patience(MachineEntropy())

    def get(self, table: str, key: Key) -> Item | None:
        """See `ports.tables`."""
        model = self._tables[table]
        rules.located(model, key)
        request = {
            "TableName": self._location.table(table), "Key": attributes.key(model, key), "ConsistentRead": True
        }  # fmt: skip
        try:
            answer = ask(
                self._clients.dynamodb.get_item,
                request,
                doing=_reading(table),
                expect=frozenset({INVALID}),
            )
        except Rejected as error:
            raise condition_failures.invalid(model.name, error.message) from error
        found = answer.get("Item")
        return None if found is None else attributes.item(found)

    def get_many(self, operation: GetItems) -> Listed:
        """See `ports.tables`. One transaction of reads, since BatchGetItem would need a permission of its own."""
        if len(operation.keys) > limits.BATCH_GET:
            raise LimitExceeded(
                f"{len(operation.keys)} keys are too many; at most {limits.BATCH_GET} are read at once."
            )
        model = self._tables[operation.table]
        places: dict[rules.Address, Key] = {}
        for key in operation.keys:
            places.setdefault(rules.located(model, key), key)
        found = self._together(model, list(places.values()))
        return Listed([item for item in found if item is not None], None)

    def put(self, operation: PutItem) -> None:
        """See `ports.tables`."""
        from oort.rules.tables import expressions

        table = self._tables[operation.table]
        rules.judged(table, operation.item)
        stored = attributes.attributes(operation.item, indexed=attributes.indexed(table))
        asked = expressions.put(operation.when, key=table.partition, if_absent=operation.if_absent)
        try:
            self._written(
                self._clients.dynamodb.put_item,
                table,
                {"Item": stored, **expressions.parameters(asked)},
            )
        except Rejected as error:
            if error.code == INVALID:
                raise condition_failures.invalid(table.name, error.message) from error
            raise condition_failures.condition(table.name) from error

    def update(self, operation: UpdateItem) -> Item:
        """See `ports.tables`."""
        from oort.aws.dynamodb import updates
        from oort.aws.dynamodb.updates import Known
        from oort.rules.tables import expressions

        table, known = self._tables[operation.table], Known()
        updates.check(table, operation)
        for _ in range(self._patience.tries):
            asked = updates.expression(table, operation, known)
            request = {
                "Key": attributes.key(table, operation.key),
                "ReturnValues": "ALL_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **expressions.parameters(asked),
            }
            try:
                answer = self._written(self._clients.dynamodb.update_item, table, request)
            except Rejected as error:
                known = self._learned(table, operation, known, error)
            else:
                return attributes.item(answer.get("Attributes", {}))
        raise self._patience.lost(f"an item of {table.name}")

    def delete(self, operation: DeleteItem) -> None:
        """See `ports.tables`."""
        from oort.rules.tables import expressions

        table = self._tables[operation.table]
        rules.located(table, operation.key)
        asked = expressions.delete(operation.when, key=table.partition)
        request = {
            "Key": attributes.key(table, operation.key),
            **expressions.parameters(asked),
        }
        try:
            self._written(self._clients.dynamodb.delete_item, table, request)
        except Rejected as error:
            if error.code == INVALID:
                raise condition_failures.invalid(table.name, error.message) from error
            raise condition_failures.condition(table.name) from error

    def query(self, operation: QueryIndex) -> Listed:
        """See `ports.tables`. A page also ends when DynamoDB has read 1 MB."""
        from oort.aws.dynamodb import query_pages
        from oort.rules.tables import paging

        paging.check_limit(operation.limit)
        table = self._tables[operation.table]
        index = table.index(operation.index)
        paging.check_range(operation, table, index)
        after = paging.resumed(operation, table, index)
        name = paging.query_name(operation, table, index)
        if query_pages.is_empty(operation):
            return Listed([], None)
        request = query_pages.query(operation, index, name=self._location.table(table.name))
        return query_pages.read(
            lambda start, most: self._page(
                self._clients.dynamodb.query, table, {**request, **start, "Limit": most}
            ),
            limit=operation.limit,
            start=query_pages.start(after, table, index, operation.partition),
            keep=lambda item: (
                index.sort is None or not query_pages.is_behind(operation, item.get(index.sort))
            ),
            position=lambda item: paging.position(item, table, index),
            name=name,
            where=operation.where,
        )

    def scan(self, operation: ScanTable) -> Listed:
        """See `ports.tables`. A page also ends when DynamoDB has read 1 MB."""
        from oort.aws.dynamodb import query_pages
        from oort.rules.tables import paging

        paging.check_limit(operation.limit)
        table = self._tables[operation.table]
        after = None if operation.after is None else paging.scanned(operation.after, table)
        request: dict[str, object] = {
            "TableName": self._location.table(table.name),
            "ConsistentRead": True,
        }
        return query_pages.read(
            lambda start, most: self._page(
                self._clients.dynamodb.scan, table, {**request, **start, "Limit": most}
            ),
            limit=operation.limit,
            start=None if after is None else attributes.key(table, after),
            keep=lambda _: True,
            position=lambda item: keys.of(item, table),
            name=paging.scan_name(table),
            where=operation.where,
        )

    def look(self, table: TableModel, key: Key) -> Attributes | None:
        """The item as it is stored, seen by an update that fails: the role of a writer need not be able to read."""
        from oort.rules.tables import expressions

        request = {
            "Key": attributes.key(table, key),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **expressions.parameters(expressions.look(key=table.partition)),
        }
        try:
            self._written(self._clients.dynamodb.update_item, table, request)
        except Rejected as error:
            return condition_failures.item(error)
        return None

    def _learned(
        self, table: TableModel, operation: UpdateItem, known: "Known", error: Rejected
    ) -> "Known":
        from oort.aws.dynamodb import updates

        if error.code == FAILED:
            return updates.learned(table, operation, known, condition_failures.item(error))
        if known.absent or condition_failures.is_size(error.message):
            raise condition_failures.invalid(table.name, error.message) from error
        then = updates.misfit(table, operation, self.look(table, operation.key))
        if then == known:
            raise condition_failures.invalid(table.name, error.message) from error
        return then

    def _written(
        self, method: Callable[..., A], table: TableModel, request: dict[str, object]
    ) -> A:
        """The answer to a write; Rejected if it failed. A transaction at the same item is waited for."""
        whole = {"TableName": self._location.table(table.name), **request}
        for turn in range(self._patience.tries):
            try:
                return ask(method, whole, doing=f"writing to the table {table.name}", expect=_WRITE)
            except Rejected as error:
                if error.code != CONFLICT:
                    raise
                self._patience.wait(turn)
        raise self._patience.lost(f"an item of {table.name}")

    def _page(
        self, method: Callable[..., "PageAnswer"], table: TableModel, request: dict[str, object]
    ) -> "PageAnswer":
        try:
            return ask(method, request, doing=_reading(table.name), expect=frozenset({INVALID}))
        except Rejected as error:
            raise condition_failures.invalid(table.name, error.message) from error

    def _together(self, table: TableModel, wanted: Sequence[Key]) -> list[Item | None]:
        """The items of the keys, each strongly consistent; in two halves if they are more than 4 MB together."""
        if not wanted:
            return []
        try:
            return self._read_all(table, wanted)
        except Rejected as error:
            if len(wanted) == 1:
                raise condition_failures.invalid(table.name, error.message) from error
        half = len(wanted) // 2
        return self._together(table, wanted[:half]) + self._together(table, wanted[half:])

    def _read_all(self, table: TableModel, wanted: Sequence[Key]) -> list[Item | None]:
        name, expect = self._location.table(table.name), frozenset({CANCELLED, INVALID})
        gets = [{"Get": {"TableName": name, "Key": attributes.key(table, key)}} for key in wanted]
        for turn in range(self._patience.tries):
            try:
                answer = ask(
                    self._clients.dynamodb.transact_get_items,
                    {"TransactItems": gets},
                    doing=_reading(table.name),
                    expect=expect,
                )
            except Rejected as error:
                if error.code == INVALID or "TransactionConflict" not in error.message:
                    raise
                self._patience.wait(turn)
            else:
                found = [one.get("Item") for one in answer.get("Responses", ())]
                return [None if item is None else attributes.item(item) for item in found]
        raise self._patience.lost(f"items of {table.name}")


def _reading(table: str) -> str:
    return f"reading the table {table}"
