"""The contract of transactions: atomicity, inbox marks, limits, messages after a commit."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from oort.model import limits
from oort.model.errors import ConditionFailed, InvalidUse, InvalidValue, LimitExceeded, NoSuchItem
from oort.model.items import AddTo, AppendTo, Bounds, Equals, SetTo
from oort.model.operations import (
    CheckItem,
    DeleteItem,
    Mark,
    PublishEvent,
    PutItem,
    SendMessage,
    UpdateItem,
    Write,
)
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import (
    HAPPENED,
    LINES,
    MOMENT,
    NOTES,
    OTHER_WORK,
    SOON,
    SUBSCRIBERS,
    UNHEARD,
    WORK,
    Contract,
    Target,
    filling,
    message,
    received,
)

MARK = Mark("suite.function", "message-1")


def put(id: str, n: int = 1) -> PutItem:
    return PutItem(NOTES, {"id": id, "n": n})


@pytest.mark.contract
class TransactionsContract(Contract):
    """All writes or none."""

    def test_all_writes_are_there(self, ports: Ports) -> None:
        ports.tables.put(put("changed"))
        ports.tables.put(put("gone"))
        ports.tables.put(put("checked"))
        writes: list[Write] = [
            put("new"),
            PutItem(LINES, {"list": "new", "line": "1"}, if_absent=True),
            UpdateItem(NOTES, ("changed",), (AddTo(("n",), 1),)),
            UpdateItem(NOTES, ("initial",), (AddTo(("n",), 1),), {"id": "initial", "n": 5}),
            DeleteItem(NOTES, ("gone",), when=Equals(("n",), 1)),
            CheckItem(NOTES, ("checked",), Equals(("n",), 1)),
        ]
        assert ports.transactions.commit(writes, None) is True
        assert ports.tables.get(NOTES, ("new",)) == {"id": "new", "n": 1}
        assert ports.tables.get(LINES, ("new", "1")) is not None
        assert ports.tables.get(NOTES, ("changed",)) == {"id": "changed", "n": 2}
        assert ports.tables.get(NOTES, ("initial",)) == {"id": "initial", "n": 6}
        assert ports.tables.get(NOTES, ("gone",)) is None
        assert ports.tables.get(NOTES, ("checked",)) == {"id": "checked", "n": 1}

    def test_an_empty_transaction_succeeds(self, ports: Ports) -> None:
        assert ports.transactions.commit([], None) is True

    def test_a_condition_that_fails_undoes_everything_and_names_its_place(
        self, ports: Ports
    ) -> None:
        ports.tables.put(put("there"))
        failing: tuple[Write, ...] = (
            PutItem(NOTES, {"id": "there"}, if_absent=True),
            PutItem(NOTES, {"id": "there"}, when=Equals(("n",), 2)),
            UpdateItem(NOTES, ("there",), (SetTo(("n",), 3),), when=Equals(("n",), 2)),
            DeleteItem(NOTES, ("there",), when=Equals(("n",), 2)),
            DeleteItem(NOTES, ("absent",), when=Equals(("n",), 2)),
            CheckItem(NOTES, ("there",), Equals(("n",), 2)),
            CheckItem(NOTES, ("absent",), Equals(("n",), 2)),
        )
        for write in failing:
            with pytest.raises(ConditionFailed) as raised:
                ports.transactions.commit([put("before"), put("too"), write, put("after")], None)
            assert raised.value.position == 2
        assert ports.tables.get(NOTES, ("before",)) is None
        assert ports.tables.get(NOTES, ("after",)) is None
        assert ports.tables.get(NOTES, ("there",)) == {"id": "there", "n": 1}

    def test_an_update_of_an_absent_item_undoes_everything_and_names_its_place(
        self, ports: Ports
    ) -> None:
        with pytest.raises(NoSuchItem) as raised:
            ports.transactions.commit(
                [put("a"), UpdateItem(NOTES, ("absent",), (AddTo(("n",), 1),))], None
            )
        assert raised.value.position == 1
        assert ports.tables.get(NOTES, ("a",)) is None

    def test_an_update_out_of_bounds_undoes_everything(self, ports: Ports) -> None:
        ports.tables.put(put("there"))
        for change in (AddTo(("n",), -2, Bounds(ge=0)), AppendTo(("list",), ["x", "y"], 1)):
            with pytest.raises(InvalidValue):
                ports.transactions.commit(
                    [put("a"), UpdateItem(NOTES, ("there",), (change,))], None
                )
        assert ports.tables.get(NOTES, ("a",)) is None
        assert ports.tables.get(NOTES, ("there",)) == {"id": "there", "n": 1}

    def test_updates_find_their_items_whether_they_are_there_or_not(self, ports: Ports) -> None:
        ports.tables.put(put("there"))
        names = ("new", "there", "newer")
        writes: list[Write] = [
            UpdateItem(NOTES, (name,), (AddTo(("n",), 1),), {"id": name, "n": 10}) for name in names
        ]
        for expected in ([11, 2, 11], [12, 3, 12]):
            assert ports.transactions.commit(writes, None) is True
            items = [ports.tables.get(NOTES, (name,)) for name in names]
            assert [item and item["n"] for item in items] == expected

    def test_a_decimal_that_an_earlier_version_stored_as_a_text_is_added_to(
        self, ports: Ports
    ) -> None:
        for key, value in (("a", "1.50"), ("b", 1.5), ("c", "x")):
            ports.tables.put(PutItem(NOTES, {"id": key, "n": value, "deep": {"n": "-0.10"}}))
        changes = (AddTo(("n",), 0.05, texts=True), AddTo(("deep", "n"), 1, texts=True))
        updates = [UpdateItem(NOTES, (key,), changes) for key in "abc"]
        with pytest.raises(InvalidValue):
            ports.transactions.commit(updates, None)
        assert ports.transactions.commit(updates[:2], None)
        new = {"n": 1.55, "deep": {"n": 0.9}}
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", **new}
        assert ports.tables.get(NOTES, ("b",)) == {"id": "b", **new}
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": "1.50"}))
        alone = UpdateItem(NOTES, ("a",), changes[:1])
        assert ports.tables.update(alone) == {"id": "a", "n": 1.55}

    def test_to_an_update_a_null_is_missing(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "n": None, "deep": {"n": None}}))
        changes = (AddTo(("n",), 1), AddTo(("deep", "n"), 2))
        assert (
            ports.transactions.commit([put("b"), UpdateItem(NOTES, ("a",), changes)], MARK) is True
        )
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": 1, "deep": {"n": 2}}

    def test_an_update_that_does_not_fit_undoes_everything(self, ports: Ports) -> None:
        ports.tables.put(PutItem(NOTES, {"id": "a", "text": "x"}))
        for change in (
            SetTo(("missing", "inner"), 1),
            SetTo(("id",), "b"),
            SetTo(("n",), float("nan")),
        ):
            with pytest.raises(InvalidValue):
                ports.transactions.commit([put("b"), UpdateItem(NOTES, ("a",), (change,))], None)
        with pytest.raises(InvalidUse):
            ports.transactions.commit(
                [put("b"), UpdateItem(NOTES, ("a",), (AddTo(("n",), 1), AddTo(("n",), 1)))], None
            )
        assert ports.tables.get(NOTES, ("b",)) is None

    def test_of_many_transactions_that_claim_one_key_exactly_one_wins(self, ports: Ports) -> None:
        def claim(who: int) -> bool:
            writes = [PutItem(NOTES, {"id": "claim"}, if_absent=True), put(f"winner {who}")]
            try:
                return ports.transactions.commit(writes, None)
            except ConditionFailed:
                return False

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(24)))
        assert sum(won) == 1
        winners = [ports.tables.get(NOTES, (f"winner {who}",)) is not None for who in range(24)]
        assert winners == won

    def test_a_mark_lets_a_message_be_applied_once(self, ports: Ports) -> None:
        add = UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), {"id": "a", "n": 0})
        assert ports.transactions.commit([add], MARK) is True
        assert ports.transactions.commit([add], MARK) is False
        assert ports.tables.get(NOTES, ("a",)) == {"id": "a", "n": 1}

    def test_a_mark_alone_is_kept(self, ports: Ports) -> None:
        assert ports.transactions.commit([], MARK) is True
        assert ports.transactions.commit([put("a")], MARK) is False

    def test_a_mark_that_is_there_wins_over_every_condition(self, ports: Ports) -> None:
        claim = PutItem(NOTES, {"id": "a"}, if_absent=True)
        assert ports.transactions.commit([claim], MARK) is True
        assert (
            ports.transactions.commit([claim, UpdateItem(NOTES, ("b",), (AddTo(("n",), 1),))], MARK)
            is False
        )

    def test_a_failed_transaction_leaves_no_mark(self, ports: Ports) -> None:
        with pytest.raises(ConditionFailed):
            ports.transactions.commit([PutItem(NOTES, {"id": "a"}, when=Equals(("n",), 1))], MARK)
        assert ports.transactions.commit([put("a")], MARK) is True

    def test_marks_are_of_one_function_and_one_message(self, ports: Ports) -> None:
        for mark in (MARK, Mark("suite.other", MARK.message), Mark(MARK.function, "message-2")):
            assert ports.transactions.commit([put("a")], mark) is True

    def test_a_marked_message_is_not_sent_again(self, target: Target, ports: Ports) -> None:
        send = SendMessage(WORK, message("1"))
        ports.transactions.commit([send], MARK)
        ports.transactions.commit([send], MARK)
        ports.deliveries.acknowledge(WORK, [received(target, ports, WORK, 1)[0].receipt])
        target.wait(SOON)
        assert ports.deliveries.receive(WORK, most=10) == []

    def test_one_item_cannot_be_written_twice(self, ports: Ports) -> None:
        second_writes: tuple[Write, ...] = (
            put("a", 2),
            UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),)),
            DeleteItem(NOTES, ("a",)),
            CheckItem(NOTES, ("a",), Equals(("n",), 1)),
        )
        for second in second_writes:
            with pytest.raises(InvalidUse):
                ports.transactions.commit([put("a"), put("b"), second], None)
        assert ports.tables.get(NOTES, ("b",)) is None

    def test_one_key_in_two_tables_is_two_items(self, ports: Ports) -> None:
        writes = [
            put("a"),
            PutItem(LINES, {"list": "a", "line": "a"}),
            PutItem(LINES, {"list": "a", "line": "b"}),
        ]
        assert ports.transactions.commit(writes, None) is True

    def test_100_actions_and_no_more(self, ports: Ports) -> None:
        assert ports.transactions.commit([put(str(number)) for number in range(100)], None) is True
        with pytest.raises(LimitExceeded):
            ports.transactions.commit([put(f"more {number}") for number in range(101)], None)
        assert ports.tables.get(NOTES, ("more 0",)) is None

    def test_messages_and_the_mark_count_as_actions(self, ports: Ports) -> None:
        ninety_nine: list[Write] = [put(str(number)) for number in range(99)]
        with pytest.raises(LimitExceeded):
            ports.transactions.commit([*ninety_nine, put("a")], MARK)
        with pytest.raises(LimitExceeded):
            ports.transactions.commit([*ninety_nine, SendMessage(WORK, message("1"))], MARK)
        with pytest.raises(LimitExceeded):
            ports.transactions.commit(
                [
                    *ninety_nine,
                    PublishEvent(HAPPENED, message("1")),
                    SendMessage(WORK, message("2")),
                ],
                None,
            )
        assert ports.transactions.commit(ninety_nine, MARK) is True

    def test_4_mib_and_no_more(self, ports: Ports) -> None:
        large = "x" * (390 * limits.KIB)
        with pytest.raises(LimitExceeded):
            ports.transactions.commit(
                [PutItem(NOTES, {"id": str(n), "text": large}) for n in range(11)], MARK
            )
        assert ports.tables.get(NOTES, ("0",)) is None
        assert ports.transactions.commit(
            [PutItem(NOTES, {"id": str(n), "text": large}) for n in range(10)], MARK
        )

    def test_what_may_not_be_stored_or_sent_undoes_everything(self, ports: Ports) -> None:
        too_large = filling("1", size=limits.MESSAGE_BYTES + 1)
        refused: tuple[tuple[Write, type[Exception]], ...] = (
            (PutItem(NOTES, {"id": ""}), InvalidValue),
            (PutItem(NOTES, {"id": "b", "text": "x" * limits.ITEM_BYTES}), LimitExceeded),
            (SendMessage(WORK, too_large), LimitExceeded),
            (PublishEvent(HAPPENED, too_large), LimitExceeded),
            (SendMessage(WORK, message("1"), delay=901.0), LimitExceeded),
            (SendMessage(WORK, message("1"), delay=-1.0), InvalidValue),
            (SendMessage("suite.nothing", message("1")), KeyError),
        )
        for write, error in refused:
            with pytest.raises(error):
                ports.transactions.commit([put("a"), write], MARK)
        assert ports.tables.get(NOTES, ("a",)) is None
        assert ports.transactions.commit([put("a")], MARK) is True

    def test_sends_arrive_after_the_commit(self, target: Target, ports: Ports) -> None:
        writes: list[Write] = [
            SendMessage(WORK, message("1")),
            put("a"),
            SendMessage(OTHER_WORK, message("2")),
        ]
        ports.transactions.commit(writes, None)
        assert [delivery.message for delivery in received(target, ports, WORK, 1)] == [message("1")]
        assert [delivery.message for delivery in received(target, ports, OTHER_WORK, 1)] == [
            message("2")
        ]

    def test_an_event_arrives_at_every_subscriber(self, target: Target, ports: Ports) -> None:
        event = message("1", name=HAPPENED)
        ports.transactions.commit(
            [PublishEvent(HAPPENED, event), PublishEvent(UNHEARD, message("2"))], None
        )
        for queue in SUBSCRIBERS:
            assert [delivery.message for delivery in received(target, ports, queue, 1)] == [event]

    def test_a_delayed_send_is_not_visible_before_its_time(
        self, target: Target, ports: Ports
    ) -> None:
        ports.transactions.commit(
            [SendMessage(WORK, message("1"), delay=3.0), SendMessage(WORK, message("2"))], None
        )
        early = received(target, ports, WORK, 1)
        assert [delivery.message.id for delivery in early] == ["2"]
        ports.deliveries.acknowledge(WORK, [early[0].receipt])
        assert [delivery.message.id for delivery in received(target, ports, WORK, 1)] == ["1"]

    def test_a_transaction_that_fails_sends_nothing(self, target: Target, ports: Ports) -> None:
        ports.tables.put(put("a"))
        claim = PutItem(NOTES, {"id": "a"}, if_absent=True)
        with pytest.raises(ConditionFailed):
            ports.transactions.commit(
                [SendMessage(WORK, message("1")), PublishEvent(HAPPENED, message("2")), claim], None
            )
        target.wait(SOON + MOMENT)
        ports.queues.send(WORK, message("3"))
        assert [delivery.message.id for delivery in received(target, ports, WORK, 1)] == ["3"]
        assert all(ports.deliveries.receive(queue, most=10) == [] for queue in (WORK, *SUBSCRIBERS))

    def test_everything_sent_arrives(self, target: Target, ports: Ports) -> None:
        for number in range(25):
            ports.transactions.commit([SendMessage(WORK, message(f"{number:02}"))], None)
        ids: list[str] = []
        while len(ids) < 25:
            batch = received(target, ports, WORK, min(5, 25 - len(ids)))
            ids.extend(delivery.message.id for delivery in batch)
            ports.deliveries.acknowledge(WORK, [delivery.receipt for delivery in batch])
        assert sorted(ids) == [f"{number:02}" for number in range(25)]
