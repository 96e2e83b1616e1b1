"""Events: declared with a name, a version and a key and published by those who may."""

import pytest

from oort import Event, Get, Publish
from oort.app.handles import events
from oort.model.errors import InvalidEvent, NotGranted
from oort.testing import fake, published
from tests.unit.app.library import Books, Closed, Opened


def test_publishing_another_event_is_not_granted() -> None:
    out = fake(Publish[Opened])
    with pytest.raises(
        NotGranted, match=r"may not publish Closed\. Ask for it: out: Publish\[Closed\]"
    ):
        out.publish(Closed(day="d"))  # type: ignore[arg-type]  # the point
    assert published(out) == []


def test_a_publish_of_several_events_takes_each() -> None:
    out = fake(Publish[Opened | Closed])
    for one in (Opened(day="1"), Closed(day="1"), Opened(day="2")):
        out.publish(one)
    assert published(out) == [Opened(day="1"), Closed(day="1"), Opened(day="2")]


def test_an_event_that_aws_would_not_carry_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="half of a surrogate pair"):
        fake(Publish[Opened]).publish(Opened(day="\ud800"))


def test_only_a_class_under_the_decorator_is_declared() -> None:
    class Sub(Opened):
        """Inherits the declaration of another class."""

    assert events.declared(Opened) is Opened
    for other in (Sub, Event, Books[Get], "opened", None, int):
        assert events.declared(other) is None


def test_events_are_immutable_and_made_by_keyword() -> None:
    with pytest.raises(AttributeError):
        Opened(day="d").day = "e"  # type: ignore[misc]  # the point
