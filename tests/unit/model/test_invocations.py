"""What a handler may know of its invocation."""

from datetime import UTC, datetime, timedelta

from oort.model.invocations import Context


def test_a_context_knows_how_much_time_is_left() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    context = Context("m", 1, now, now + timedelta(seconds=10))
    assert context.remaining(now + timedelta(seconds=4)) == timedelta(seconds=6)
