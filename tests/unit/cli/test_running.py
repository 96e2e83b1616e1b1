"""The end of a platform: what is printed last, and when the process ends without its threads."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from oort.cli import running
from oort.cli.dev.serving import End
from oort.cli.running import RunOptions, Service
from oort.model.errors import StateLost

SERVICE = Service(frozenset(), drain=None, notice=timedelta(0))


class Ended(Exception):
    """The process ended at once, with this code."""


@pytest.fixture(autouse=True)
def _ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", end)


def lines(end: End, *, log: str = "text", service: Service | None = None) -> list[str]:
    options = RunOptions(Path(), None, inline=False, throttle=True, log=log, service=service)
    return list(running._last_lines(end, options, grace=timedelta(seconds=10)))


def test_the_last_line_says_if_work_was_cut_off() -> None:
    assert lines(End(finished=True, handed_over=False))[0].startswith("Stopped. Nothing is lost")
    assert lines(End(finished=False, handed_over=False))[0].startswith("Stopped after 10 s")
    assert lines(End(finished=True, handed_over=False, was_cut=True))[0].startswith("Stopped while")
    assert lines(End(finished=True, handed_over=True)) == []
    assert lines(End(finished=True, handed_over=False), log="json") == []
    assert lines(End(finished=True, handed_over=False), log="json", service=SERVICE) != []
    assert lines(End(finished=True, handed_over=False, failure=StateLost("gone"))) == []


def test_threads_that_hang_do_not_keep_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    running._end(End(finished=True, handed_over=False), is_written=True)
    for finished, is_written, failure, code in (
        (False, True, None, 1),
        (True, False, None, 0),  # nobody reads the log: everything else is in order
        (False, True, StateLost("gone"), 74),
    ):
        with pytest.raises(Ended) as raised:
            running._end(End(finished, handed_over=False, failure=failure), is_written=is_written)
        assert raised.value.args == (code,)
    assert "gone" in capsys.readouterr().err
    with pytest.raises(StateLost):
        running._end(End(finished=True, handed_over=False, failure=StateLost("x")), is_written=True)
