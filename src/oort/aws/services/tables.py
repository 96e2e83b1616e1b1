"""The Tables port on DynamoDB.

`rules` judge conditions, sizes, numbers and keys before a request is sent. Modules that only
writes or only pages need are imported by them, since most functions begin with a read of one item.
Each operation needs only the permission of its name: GetItem also reads several items, and
UpdateItem also creates an item.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from oort.aws.clients import Clients
from oort.aws.dynamodb import condition_failures
from oort.aws.dynamodb.condition_failures import CANCELLED, CONFLICT, FAILED, INVALID
from oort.aws.failures import Rejected, ask
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
from oort.runtime.system import MachineEntropy

if TYPE_CHECKING:
    from oort.aws.client_types import PageAnswer
    from oort.aws.dynamodb.conflict_retries import ConflictRetries
    from oort.aws.dynamodb.updates import ItemState

A = TypeVar("A")

_WRITE = frozenset({FAILED, INVALID, CONFLICT})


class Tables:
    """Tables of a stage. A table that the program does not have is a KeyError."""

    def __init__(
        self,
        clients: Clients,
        *,
        platform: PlatformModel,
        location: Location,
        retries: "ConflictRetries | None" = None,
    ) -> None:
        self._clients = clients
        self._tables = {table.name: table for table in platform.tables}
        self._location = location
        self._given_retries = retries

    @cached_property
    def _retries(self) -> "ConflictRetries":
        from oort.aws.dynamodb.conflict_retries import ConflictRetries  # a read never waits

        return self._given_retries or ConflictRetries(MachineEntropy())

    def get(self, table: str, key: Key) -> Item | None:
        """See `ports.tables`."""
        model = self._tables[table]
        rules.located(model, key)
        request = {
            "TableName": self._location.table(table), "Key": attributes.key(model, key),
            "ConsistentRead": True,
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
        stored = answer.get("Item")
        return None if stored is None else attributes.item(stored)

    def get_many(self, operation: GetItems) -> Listed:
        """See `ports.tables`.

        A transaction of reads, since BatchGetItem would need another permission.
        """
        if len(operation.keys) > limits.BATCH_GET:
            raise LimitExceeded(
                f"{len(operation.keys)} keys are too many;"
                f" at most {limits.BATCH_GET} are read at once."
            )
        model = self._tables[operation.table]
        places: dict[rules.Address, Key] = {}
        for key in operation.keys:
            places.setdefault(rules.located(model, key), key)
        items = self._read_in_parts(model, list(places.values()))
        return Listed([item for item in items if item is not None], None)

    def put(self, operation: PutItem) -> None:
        """See `ports.tables`."""
        from oort.rules.tables import expressions

        table = self._tables[operation.table]
        rules.judged(table, operation.item)
        stored = attributes.attributes(operation.item, indexed=attributes.indexed(table))
        expression = expressions.put(
            operation.when, key=table.partition, if_absent=operation.if_absent
        )
        try:
            self._write(
                self._clients.dynamodb.put_item,
                table,
                {"Item": stored, **expressions.parameters(expression)},
            )
        except Rejected as error:
            if error.code == INVALID:
                raise condition_failures.invalid(table.name, error.message) from error
            raise condition_failures.condition(table.name) from error

    def update(self, operation: UpdateItem) -> Item:
        """See `ports.tables`."""
        from oort.aws.dynamodb import updates
        from oort.aws.dynamodb.updates import ItemState
        from oort.rules.tables import expressions

        table, state = self._tables[operation.table], ItemState()
        updates.check(table, operation)
        for _ in range(self._retries.attempts):
            expression = updates.expression(table, operation, state)
            request = {
                "Key": attributes.key(table, operation.key),
                "ReturnValues": "ALL_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **expressions.parameters(expression),
            }
            try:
                answer = self._write(self._clients.dynamodb.update_item, table, request)
            except Rejected as error:
                state = self._next_state(table, operation, state, error)
            else:
                return attributes.item(answer.get("Attributes", {}))
        raise self._retries.exhausted(f"an item of {table.name}")

    def delete(self, operation: DeleteItem) -> None:
        """See `ports.tables`."""
        from oort.rules.tables import expressions

        table = self._tables[operation.table]
        rules.located(table, operation.key)
        expression = expressions.delete(operation.when, key=table.partition)
        request = {
            "Key": attributes.key(table, operation.key),
            **expressions.parameters(expression),
        }
        try:
            self._write(self._clients.dynamodb.delete_item, table, request)
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
                index.sort is None
                or not query_pages.is_at_upper_end(operation, item.get(index.sort))
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
        """Return the stored item, as an update with a failing condition returns it.

        So the role of a writer needs no permission to read.
        """
        from oort.rules.tables import expressions

        request = {
            "Key": attributes.key(table, key),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **expressions.parameters(expressions.look(key=table.partition)),
        }
        try:
            self._write(self._clients.dynamodb.update_item, table, request)
        except Rejected as error:
            return condition_failures.item(error)
        return None

    def _next_state(
        self, table: TableModel, operation: UpdateItem, state: "ItemState", error: Rejected
    ) -> "ItemState":
        from oort.aws.dynamodb import updates

        if error.code == FAILED:
            return updates.after_failed_condition(
                table, operation, state, condition_failures.item(error)
            )
        if state.absent or condition_failures.is_size(error.message):
            raise condition_failures.invalid(table.name, error.message) from error
        next_state = updates.after_invalid(table, operation, self.look(table, operation.key))
        if next_state == state:
            raise condition_failures.invalid(table.name, error.message) from error
        return next_state

    def _write(self, method: Callable[..., A], table: TableModel, request: dict[str, object]) -> A:
        """Send a write and return its response; Rejected if it failed.

        After a conflict with a transaction the write is tried again.
        """
        parameters = {"TableName": self._location.table(table.name), **request}
        for attempt in range(self._retries.attempts):
            try:
                return ask(
                    method, parameters, doing=f"writing to the table {table.name}", expect=_WRITE
                )
            except Rejected as error:
                if error.code != CONFLICT:
                    raise
                self._retries.wait(attempt)
        raise self._retries.exhausted(f"an item of {table.name}")

    def _page(
        self, method: Callable[..., "PageAnswer"], table: TableModel, request: dict[str, object]
    ) -> "PageAnswer":
        try:
            return ask(method, request, doing=_reading(table.name), expect=frozenset({INVALID}))
        except Rejected as error:
            raise condition_failures.invalid(table.name, error.message) from error

    def _read_in_parts(self, table: TableModel, requested: Sequence[Key]) -> list[Item | None]:
        """Read the items of the keys, strongly consistent; in two halves if they
        exceed 4 MB together.
        """
        if not requested:
            return []
        try:
            return self._read_all(table, requested)
        except Rejected as error:
            if len(requested) == 1:
                raise condition_failures.invalid(table.name, error.message) from error
        half = len(requested) // 2
        return self._read_in_parts(table, requested[:half]) + self._read_in_parts(
            table, requested[half:]
        )

    def _read_all(self, table: TableModel, requested: Sequence[Key]) -> list[Item | None]:
        name, expect = self._location.table(table.name), frozenset({CANCELLED, INVALID})
        gets = [
            {"Get": {"TableName": name, "Key": attributes.key(table, key)}} for key in requested
        ]
        for attempt in range(self._retries.attempts):
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
                self._retries.wait(attempt)
            else:
                stored = [response.get("Item") for response in answer.get("Responses", ())]
                return [None if item is None else attributes.item(item) for item in stored]
        raise self._retries.exhausted(f"items of {table.name}")


def _reading(table: str) -> str:
    return f"reading the table {table}"
