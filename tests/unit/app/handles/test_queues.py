"""Work queues as users write them: what may be sent, how late, and by whom."""

from datetime import timedelta

import pytest

from oort import Can, Queue, Send, Service
from oort.model.errors import InvalidUse, LimitExceeded, NotGranted
from oort.model.operations import Operation, Refused, Result, SendMessage
from oort.testing import fake, sent
from tests.unit.app.library import Book, Letters, Number

lists = Service("lists")


@lists.queue("names")
class Names(Queue[list[str], Can]):
    """Messages of a type that is no class."""


class RefusingLink:
    """A link whose platform refuses everything."""

    def __init__(self, code: str) -> None:
        self.code = code

    def perform(self, operation: Operation) -> Result:
        """Refuse."""
        assert isinstance(operation, SendMessage)
        return Refused(self.code, "No.")


def test_messages_arrive_typed_and_in_order() -> None:
    letters = fake(Letters[Send])
    letters.send(Book(isbn="1"))
    letters.send(Book(isbn="2"), delay=timedelta(minutes=15))
    assert [book.isbn for book in sent(letters)] == ["1", "2"]


def test_a_message_of_a_type_that_is_no_class_is_sent_too() -> None:
    names = fake(Names[Send])
    names.send(["Ada"])
    assert sent(names) == [["Ada"]]


@pytest.mark.parametrize("delay", [timedelta(minutes=15, microseconds=1), timedelta(seconds=-1)])
def test_a_delay_is_0_to_15_minutes(delay: timedelta) -> None:
    letters = fake(Letters[Send])
    with pytest.raises(LimitExceeded, match=r"Use at most 0:15:00, or a schedule"):
        letters.send(Book(isbn="1"), delay=delay)
    assert sent(letters) == []


def test_a_message_of_256_kib_is_the_largest() -> None:
    with pytest.raises(LimitExceeded, match="has more than 262,144 bytes"):
        fake(Letters[Send]).send(Book(isbn="1", title="x" * 262_144))


def test_the_wrong_message_type_is_refused() -> None:
    with pytest.raises(InvalidUse, match=r"takes Book, not Number\. Send a Book\."):
        fake(Letters[Send]).send(Number("1"))  # type: ignore[arg-type]  # the point


def test_a_handle_without_send_refuses_it() -> None:
    letters = fake(Letters[Send])
    letters.__dict__["_actions"] = frozenset()
    with pytest.raises(
        NotGranted,
        match=r"no grant for Send on Letters\. Add the action to the parameter: Letters\[… \| Send\]",
    ):
        letters.send(Book(isbn="1"))


def test_the_class_is_no_handle() -> None:
    with pytest.raises(
        InvalidUse, match=r"Letters is a resource, not a handle\. .* letters: Letters\[Send\]"
    ):
        Letters.send(Letters, Book(isbn="1"))  # type: ignore[arg-type]  # the point


def test_what_the_platform_refuses_is_raised() -> None:
    letters = fake(Letters[Send])
    message = letters._link.message
    link = RefusingLink("permission.denied")
    link.__dict__["message"] = message
    letters.__dict__["_link"] = link
    with pytest.raises(NotGranted, match=r"No\."):
        letters.send(Book(isbn="1"))
