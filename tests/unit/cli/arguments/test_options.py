"""Lengths of time as options."""

from datetime import timedelta

import click
import pytest

from oort.cli.arguments import options


@pytest.mark.parametrize(
    ("text", "hours"),
    [("90s", 0.025), ("30m", 0.5), ("1h", 1), ("7d", 168), (timedelta(hours=2), 2)],
)
def test_lengths_of_time_are_read(text: object, hours: float) -> None:
    assert options.Length().convert(text, None, None) == timedelta(hours=hours)


def test_another_length_of_time_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="write 90s, 30m, 1h or 7d"):
        options.Length().convert("1 hour", None, None)
