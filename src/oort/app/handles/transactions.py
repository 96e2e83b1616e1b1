"""`atomic()`: writes, sends and publishes that happen together or not at all, on both targets."""

import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from oort.app.handles import events, queues, tables
from oort.app.handles.actions import Check, Delete, K, M, Put, Send, T, Update
from oort.app.handles.events import Publish
from oort.app.handles.fields import Change, Condition
from oort.app.handles.handle import Link, ask, check_action, open_block
from oort.app.handles.queues import Queue
from oort.app.handles.tables import Table
from oort.model import operations
from oort.model.errors import InvalidUse


class Transaction:
    """The writes of an `atomic()` block, collected and committed at its end.

    A transaction has writes only: read before it. Each item may occur in a single operation. The
    limits are 100 actions and 4 MB (DynamoDB's TransactWriteItems); a message and the inbox mark
    count as an action each.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._link: Link | None = None
        self._writes: list[operations.Write] = []
        self._otherwise: list[Exception | None] = []
        self._after: list[Callable[[], None]] = []
        self._upgrades: list[Callable[[], bool]] = []  # of the items of updates

    def put(
        self,
        table: Table[K, T, Put],
        item: T,
        *,
        if_absent: bool = False,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Write the complete item, as `Table.put` does."""
        check_action(table, Put)
        self._add(
            table._link, tables.prepare_put(table, item, if_absent=if_absent, when=when), otherwise
        )
        self._after.append(lambda: tables.advance(table, item))

    def update(
        self,
        table: Table[K, T, Update],
        key: K,
        *changes: Change,
        initial: T | None = None,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Change attributes, as `Table.update` does, without returning the new item."""
        check_action(table, Update)
        update = tables.prepare_update(table, key, changes, initial, when)
        self._add(table._link, update, otherwise)
        self._upgrades.append(lambda: tables.upgraded(table, update))

    def delete(
        self,
        table: Table[K, T, Delete],
        key: K,
        *,
        when: Condition | None = None,
        otherwise: Exception | None = None,
    ) -> None:
        """Remove the item, as `Table.delete` does."""
        check_action(table, Delete)
        self._add(table._link, tables.prepare_delete(table, key, when), otherwise)

    def check(
        self,
        table: Table[K, T, Check],
        key: K,
        when: Condition,
        *,
        otherwise: Exception | None = None,
    ) -> None:
        """Require the condition for an item that this block does not write.

        If `when` does not hold, the block raises `otherwise`, or Conflict, and writes nothing.
        """
        check_action(table, Check)
        declared = table.__oort__
        operation = operations.CheckItem(declared.model.name, declared.key(key), when.rule)
        self._add(table._link, operation, otherwise)

    def send(self, queue: Queue[M, Send], message: M, *, delay: timedelta = timedelta(0)) -> None:
        """Send the message after the commit, at least once."""
        check_action(queue, Send)
        self._add(queue._link, queues.prepare_send(queue, message, delay), None)

    def publish(self, out: Publish[events.E], event: events.E) -> None:
        """Publish the event after the commit, at least once.

        Raises InvalidEvent if the event does not fit its class.
        """
        self._add(out._link, events.prepare_publish(out, event), None)

    def _add(self, link: Link, write: operations.Write, otherwise: Exception | None) -> None:
        if open_block.get() is not self:
            if self._thread != threading.get_ident():
                raise InvalidUse(
                    "A write was added to an atomic() block from another thread.",
                    "Add it in the thread that opened the block, with the result of the other thread.",
                )
            raise InvalidUse(
                "The atomic() block has ended.", "Put the write inside the `with` block."
            )
        self._link = link
        self._writes.append(write)
        self._otherwise.append(otherwise)

    def _commit(self) -> None:
        if self._link is None:
            return
        operation = operations.Commit(tuple(self._writes), self._link.mark())
        try:
            result = ask(self._link, operation, otherwise=self._otherwise)
        except Exception:
            if True not in [upgraded() for upgraded in self._upgrades]:
                raise
            result = ask(self._link, operation, otherwise=self._otherwise)
        if isinstance(result, operations.Done) and not result.applied:
            return  # an earlier delivery wrote it
        for step in self._after:
            step()


def is_open() -> bool:
    """Return True inside an `atomic()` block."""
    return open_block.get() is not None


class _Atomic:
    """The context manager behind `atomic()`."""

    def __enter__(self) -> Transaction:
        if open_block.get() is not None:
            raise InvalidUse(
                "atomic() inside atomic() is not possible.",
                "Use one block; pass `tx` to the functions it calls.",
            )
        self._transaction = Transaction()
        self._token = open_block.set(self._transaction)
        return self._transaction

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        open_block.reset(self._token)
        if kind is None:
            self._transaction._commit()


def atomic() -> _Atomic:
    """Collect writes and commit them together at the end of the block: all or none.

    If a condition fails, the block raises the `otherwise` of that write, or Conflict. An exception
    inside the block commits nothing. In a consumer, the first committed block also stores the inbox
    mark, so a redelivery of the message does not write again. Everything outside the block happens
    at least once.

        with atomic() as tx:
            tx.put(people, account, if_absent=True)
            tx.publish(out, SignedUp(account_id=account.id))
    """
    return _Atomic()
