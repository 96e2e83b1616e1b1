"""The claim queues: effects are received, and figures are made of them. No server is started and nothing is timed."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import queues
from benchmarks.load import LoadFailed
from benchmarks.processes import Server
from benchmarks.queues import Contender, Effects

NOBODY = 2**22 + 1  # no process has this number
SECOND = 1_000_000_000


@pytest.fixture
def effects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Effects]:
    monkeypatch.setattr(queues, "PATIENCE", 0.2)
    monkeypatch.setattr(queues, "_SETTLED", 0.0)
    monkeypatch.chdir(tmp_path)
    received = Effects(Path("effects"))  # a short path, wherever the folder is
    yield received
    received.close()


def tell(path: Path, *lines: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as handler:
        handler.connect(str(path))
        for line in lines:
            handler.send(line.encode())


def contender(effects: Effects, to: str = "huey") -> Contender:
    return Contender(to, Server(1, NOBODY, 0.0), effects, {})


def test_the_first_effect_of_a_message_counts(effects: Effects) -> None:
    tell(effects.path, "1 10 20", "0 5 15", "1 10 99")
    assert effects.await_all([0, 1]) == [(5, 15), (10, 20)]


def test_a_message_without_an_effect_is_an_error(effects: Effects) -> None:
    tell(effects.path, "0 1 2")
    effects.await_all([0])
    effects.begin()
    tell(effects.path, "1 1 2")
    with pytest.raises(LoadFailed, match="1 of 2 messages had no effect"):
        effects.await_all([0, 1])


def test_a_burst_lasts_from_the_first_send_to_the_last_effect(
    effects: Effects, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def producer(words: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        asked.append(words[2:])
        tell(effects.path, f"1 {SECOND} {5 * SECOND}", f"0 {3 * SECOND} {4 * SECOND}")
        return subprocess.CompletedProcess(words, 0, stdout="0.5\n", stderr="")

    monkeypatch.setattr("benchmarks.queues.subprocess.run", producer)
    one = contender(effects)
    one.burst(2, 10)
    one.idle(2)
    assert one.rates == {10: [0.5]}
    assert one.cpu == {10: [0.25]}, "that of the producer: the server is nobody"
    assert one.delays == [1.0, 4.0]
    assert asked == [["huey", "2", "10", "8", "0"], ["huey", "2", "0", "1", "0.13"]]


def test_a_sender_that_failed_is_an_error(
    effects: Effects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def producer(words: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(words, 0, stdout="0.5\n", stderr="RuntimeError: 503")

    monkeypatch.setattr("benchmarks.queues.subprocess.run", producer)
    with pytest.raises(LoadFailed, match="huey: RuntimeError: 503"):
        contender(effects).burst(2, 0)


def test_the_figures_compare_oort_with_each_rival(effects: Effects) -> None:
    def measured(rate: float, cpu: float, delay: float) -> Contender:
        one = contender(effects)
        one.rates, one.cpu, one.delays = {0: [rate]}, {0: [cpu]}, [delay]
        return one

    found = {
        one.key: one.value
        for one in queues.figures(
            measured(100, 3e-3, 0.01), measured(200, 1e-3, 0.02), measured(50, 6e-3, 0.03)
        )
    }
    assert found["queues.0.huey-ratio"] == 0.5
    assert found["queues.0.dbos-ratio"] == 2
    assert found["queues.0.huey-cpu"] == pytest.approx(3)
    assert found["queues.0.dbos-cpu"] == pytest.approx(0.5)
    assert found["queues.idle.oort.p50"] == pytest.approx(10)
    assert found["queues.idle.dbos.p90"] == pytest.approx(30)
