"""Claim: requests are answered in time while others come at a fixed rate, and events have their effect soon.

The generator is an open loop: a request counts from its planned time, see open_loop.py. The rates rise until the
server cannot follow. Effects count from the planned time of the request that publishes the event to the durable
write of its consumer; at a fan-out, to that of the last one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import effects, gateway, open_loop, programs
from benchmarks.effort import QUICK, Effort
from benchmarks.figures import Figure
from benchmarks.load import LoadFailed
from benchmarks.open_loop import OpenOrder, OpenTally, percentile
from benchmarks.processes import Server

RATES = (200, 500, 1000, 2000, 4000)
FEW_RATES = (200, 1000)
TOO_LATE = 1.0  # seconds: at a p99 above it, the server no longer follows
EVENTS = 20  # a second: few, so that one event is over before the next
SPREADS = 2
BUSY = 200  # reads a second beside the events
_PATIENCE = 10.0


def measure(effort: Effort) -> list[Figure]:
    """Raise the rate of reads and of durable writes; then follow events to their effects."""
    return [*_requests(effort), *_effects(effort)]


def raised(name: str, rates: tuple[int, ...], fire: Callable[[int], OpenTally]) -> list[Figure]:
    """Raise the rate until the server does not follow. The last figure is the highest rate at which it did."""
    found: list[Figure] = []
    highest = 0
    for rate in rates:
        tally = fire(rate)
        found += _of_a_rate(f"latency.{name}.{rate}", f"{name}, {rate}/s", tally)
        if not follows(tally):
            break
        highest = rate
    key = f"latency.{name}.highest"
    return [
        *found,
        Figure(key, f"{name}: highest of these rates that it followed", highest, "req/s"),
    ]


def follows(tally: OpenTally) -> bool:
    """Whether the server answered in time: 99 % within a second, and at most one request in a hundred failed."""
    return tally.p99 <= TOO_LATE and tally.share_failed <= 0.01


def _of_a_rate(key: str, what: str, tally: OpenTally) -> list[Figure]:
    late = "" if tally.kept_schedule else " (NOT KEPT: these latencies hold waits of the generator)"
    return [
        Figure(f"{key}.p50", f"{what}: p50", tally.p50 * 1e3, "ms"),
        Figure(f"{key}.p99", f"{what}: p99", tally.p99 * 1e3, "ms"),
        Figure(f"{key}.p999", f"{what}: p99.9", tally.p999 * 1e3, "ms"),
        Figure(f"{key}.failed", f"{what}: failed {tally.failed or ''}", tally.share_failed * 100, "%"),
        Figure(f"{key}.late", f"{what}: schedule of the generator, p99{late}", tally.late * 1e3, "ms"),
    ]  # fmt: skip


def _requests(effort: Effort) -> list[Figure]:
    rates, seconds = (FEW_RATES if effort == QUICK else RATES), effort.rounds * effort.seconds
    with (
        programs.scratch() as folder,
        programs.oort(programs.SUBJECT, folder, ready=programs.READY) as server,
    ):
        headers = {"authorization": f"Bearer {programs.token(folder)}"}
        gateway.Contender(server, headers).fill()
        following = iter(range(1_000_000, 1_000_000_000, 1_000_000))

        def read(rate: int) -> OpenTally:
            return open_loop.fire(
                OpenOrder(
                    port=server.port, path="/notes/find", body=gateway.FIND, headers=headers,
                    rate=rate, seconds=seconds, numbers=gateway.ROWS,
                )
            )  # fmt: skip

        def write(rate: int) -> OpenTally:
            return open_loop.fire(
                OpenOrder(
                    port=server.port, path="/notes", body=gateway.ADD, headers=headers,
                    rate=rate, seconds=seconds, first=next(following),
                )
            )  # fmt: skip

        return [*raised("read", rates, read), *raised("write", rates, write)]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of event: the route that publishes it, the file of its consumers, how many these are, and a rate."""

    path: str
    file: Path
    each: int
    rate: float


@contextmanager
def _platform() -> Iterator[tuple[Server, _Kind, _Kind]]:
    """The platform of effects.py; each of its worker processes has run before anything counts."""
    with programs.scratch() as folder:
        told, spread = folder / "told", folder / "spread"
        effects.write(folder / "app", told=told, spread=spread)
        kinds = (
            _Kind("/front/tell", told, 1, EVENTS),
            _Kind("/front/spread", spread, effects.FAN_OUT, SPREADS),
        )
        with programs.oort(folder / "app", folder, ready=effects.READY) as server:
            for kind in kinds:
                _followed(server, kind, seconds=2 / kind.rate, first=0)
            yield server, *kinds


def _order(server: Server, path: str, *, rate: float, seconds: float, first: int = 0) -> OpenOrder:
    return OpenOrder(
        port=server.port, path=path, body=effects.BODY, rate=rate, seconds=seconds, first=first
    )


def _effects(effort: Effort) -> list[Figure]:
    seconds = effort.rounds * effort.seconds
    with _platform() as (server, told, spread):
        idle = _both(server, told, spread, seconds, first=10, when="idle")
        reads = _order(server, "/front/find", rate=BUSY, seconds=2 * seconds + 1)
        background = open_loop.start(reads)
        busy = _both(server, told, spread, seconds, first=100_000, when="busy")
        if (tally := open_loop.finish(background)).failed:
            raise LoadFailed(f"Reads beside the events failed: {tally.failed}.")
        poison = _poison(server, told, effort)
    return [*idle, *busy, *poison]


def _poison(server: Server, told: _Kind, effort: Effort) -> list[Figure]:
    """Effects beside events whose handler always fails, against effects beside as many whose handler does not."""
    delays: dict[str, list[float]] = {"sound": [], "poison": []}
    first = 200_000
    for _ in range(effort.rounds):
        for kind, measured in delays.items():
            other = _order(server, f"/front/{kind}", rate=EVENTS, seconds=effort.seconds + 1)
            background = open_loop.start(other)
            measured.extend(_followed(server, told, seconds=effort.seconds, first=first))
            first += 10_000
            if (tally := open_loop.finish(background)).failed:
                raise LoadFailed(f"Requests to /front/{kind} failed: {tally.failed}.")
    sound, poison = (percentile(sorted(delays[kind]), 0.99) for kind in ("sound", "poison"))
    what = "request to effect, beside a handler that always fails"
    return [
        Figure("latency.poison.p99", f"{what}: p99", poison * 1e3, "ms"),
        Figure("latency.poison.ratio", "the same, to one that does not", poison / sound, "x"),
    ]


def _both(
    server: Server, told: _Kind, spread: _Kind, seconds: float, *, first: int, when: str
) -> list[Figure]:
    """One effect and many, while nothing else happens or beside reads."""
    beside = f"beside {BUSY} reads/s" if when == "busy" else "idle"
    one = _followed(server, told, seconds=seconds, first=first)
    many = _followed(server, spread, seconds=seconds, first=first)
    last = f"request to the last of {effects.FAN_OUT} effects, {beside}"
    return [
        *_of_effects(f"latency.effect.{when}", f"request to effect, {beside}", one),
        *_of_effects(f"latency.fan-out.{when}", last, many),
    ]


def _followed(server: Server, kind: _Kind, *, seconds: float, first: int) -> list[float]:
    """Publish events at a rate; seconds to the last effect of each. LoadFailed if an effect is missing."""
    before = sum(map(len, effects.arrived(kind.file, 0, patience=0).values()))
    tally = open_loop.fire(_order(server, kind.path, rate=kind.rate, seconds=seconds, first=first))
    if tally.failed:
        raise LoadFailed(f"Requests to {kind.path} failed: {tally.failed}.")
    stamps = effects.arrived(kind.file, before + tally.planned * kind.each, patience=_PATIENCE)
    numbers = range(first, first + tally.planned)
    delays = effects.delays(
        stamps, began=tally.began, rate=kind.rate, numbers=numbers, each=kind.each
    )
    if missing := tally.planned - len(delays):
        raise LoadFailed(
            f"{missing} of {tally.planned} events of {kind.path} had no effect within {_PATIENCE:.0f} s."
        )
    return delays


def _of_effects(key: str, what: str, delays: list[float]) -> list[Figure]:
    return [
        Figure(f"{key}.p50", f"{what}: p50 of {len(delays)}", percentile(delays, 0.5) * 1e3, "ms"),
        Figure(f"{key}.p99", f"{what}: p99", percentile(delays, 0.99) * 1e3, "ms"),
    ]
