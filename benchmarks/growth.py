"""Claim: what an operation, a start and the memory cost with few and with many stored items, messages and services.

The figures are ratios of the largest to the smallest. All stores are filled first, then they are measured in turn.
`python -m benchmarks.growth 10000000` takes a further number of items, which `make bench` leaves out.
"""

import http.client
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import filled, many_services, programs
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.figures import Figure, ratio, table
from benchmarks.filled import Filled, Spent
from benchmarks.processes import Server

ITEMS = (1_000, 100_000, 1_000_000)
FEW_ITEMS = (1_000, 10_000)
WAITING = 100_000
SERVICES = (4, 34, 100)
FEW_SERVICES = (4, 34)
_READS = 200  # requests before the memory is read
_MEGABYTE = 1e6
_Rounds = dict[int, list[Spent]]


def measure(effort: Effort) -> list[Figure]:
    """Measure all of it; a short run takes fewer items and services."""
    few = effort == QUICK
    return [
        *with_items(effort, FEW_ITEMS if few else ITEMS),
        *with_messages(effort, WAITING),
        *with_services(effort, FEW_SERVICES if few else SERVICES),
    ]


def with_items(effort: Effort, sizes: Sequence[int]) -> list[Figure]:
    """Get, put, a page of an index, the start and the memory, for each number of stored items."""
    operations: dict[str, tuple[str, int, Callable[[Filled], None]]] = {
        "get": ("get", 1000, Filled.get),
        "page": (f"a page of {filled.PAGE} of an index", 200, Filled.page),
        "put": ("durable put", 100, Filled.put),
    }
    with ExitStack() as folders:
        places = {size: folders.enter_context(programs.scratch()) for size in sizes}
        with ExitStack() as stack:
            stores = {
                size: stack.enter_context(filled.opened(place, stored=size))
                for size, place in places.items()
            }
            for store in stores.values():
                filled.with_items(store)
                filled.worn(store)
            found: list[Figure] = []
            for key, (what, times, operation) in operations.items():
                rounds = in_turn(effort.rounds, stores, operation, times=times)
                found += compared(f"growth.{key}", what, "items", rounds)
        return [*found, *_restarts(effort, places)]


def with_messages(effort: Effort, waiting: int) -> list[Figure]:
    """Delivery of one message, and the dispatcher's look, on a queue where none and many others wait."""
    with ExitStack() as stack:
        folders = {number: stack.enter_context(programs.scratch()) for number in (0, waiting)}
        stores = {
            number: stack.enter_context(filled.opened(folder, stored=number))
            for number, folder in folders.items()
        }
        for store in stores.values():
            filled.worn(store)
        filled.with_messages(stores[waiting], waiting)
        deliver = in_turn(effort.rounds, stores, Filled.deliver, times=50)
        look = in_turn(effort.rounds, stores, Filled.look, times=200)
    return [
        *compared("growth.deliver", "send, receive and acknowledge", "waiting", deliver),
        *compared("growth.look", "the dispatcher's look for work", "waiting", look),
    ]


def with_services(effort: Effort, numbers: Sequence[int]) -> list[Figure]:
    """The start and the memory of platforms with few and with many services."""
    walls: dict[int, list[float]] = {number: [] for number in numbers}
    idle: dict[int, list[float]] = {number: [] for number in numbers}
    used: dict[int, list[float]] = {number: [] for number in numbers}
    for _ in range(min(effort.starts, 3)):
        for number in numbers:
            with programs.scratch() as folder:
                many_services.write(folder / "app", services=number)
                with programs.oort(folder / "app", folder, ready="/s01/ready") as server:
                    walls[number].append(server.wall)
                    idle[number].append(server.memory() / _MEGABYTE)
                    _ask(server, [f"/s{one:02}/ready" for one in range(1, number + 1)])
                    used[number].append(server.memory() / _MEGABYTE)
    return [
        *_sizes("growth.services-start", "to the first 200", "services", walls, "s"),
        *_sizes("growth.services-memory", "memory (Pss)", "services", idle, "MB"),
        *_sizes("growth.services-used", "memory after a request to each", "services", used, "MB"),
    ]


def in_turn(
    rounds: int, stores: dict[int, Filled], operation: Callable[[Filled], None], *, times: int
) -> _Rounds:
    """Repeat the operation on one store after the other, in alternating rounds."""
    for store in stores.values():
        operation(store)
    found: _Rounds = {size: [] for size in stores}
    for _ in range(rounds):
        for size, store in stores.items():
            found[size].append(filled.timed(lambda store=store: operation(store), times))  # type: ignore[misc]
    return found


def compared(key: str, what: str, unit: str, rounds: _Rounds) -> list[Figure]:
    """The CPU and wall time of an operation for each size, and the ratios of the largest to the smallest."""
    smallest, *_, largest = rounds
    sizes = f"{largest:,} {unit} to {smallest:,}"
    cpu = ratio([one.cpu for one in rounds[largest]], [one.cpu for one in rounds[smallest]])
    wall = ratio([one.wall for one in rounds[largest]], [one.wall for one in rounds[smallest]])
    found = [
        Figure(f"{key}.ratio", f"{what}: CPU, {sizes}", cpu, "x"),
        Figure(f"{key}.wall-ratio", f"{what}: time, {sizes}", wall, "x"),
    ]
    for size, spent in rounds.items():
        where = f"{what}, {size:,} {unit}"
        cpu, wall = median(one.cpu for one in spent), median(one.wall for one in spent)
        found += [
            Figure(f"{key}.{size}.cpu", f"{where}: CPU", cpu * 1e6, "µs"),
            Figure(f"{key}.{size}.wall", f"{where}: time", wall * 1e6, "µs"),
        ]
    return found


def _restarts(effort: Effort, places: dict[int, Path]) -> list[Figure]:
    """Start `oort dev` on each filled state; the first answer reads an item."""
    walls: dict[int, list[float]] = {size: [] for size in places}
    memory: dict[int, list[float]] = {size: [] for size in places}
    for _ in range(effort.starts):
        for size, place in places.items():
            ready = f"/shelves/{filled.name(size // 2)}"
            with programs.oort(filled.APP, place, ready=ready) as server:
                walls[size].append(server.wall)
                step = max(1, size // _READS)
                _ask(server, [f"/shelves/{filled.name(one)}" for one in range(0, size, step)])
                memory[size].append(server.memory() / _MEGABYTE)
    largest = Figure(
        "growth.restart.largest",
        f"restart to the first answer, {max(places):,} items",
        median(walls[max(places)]),
        "s",
    )
    reads = f"memory (Pss) after {_READS} reads"
    return [
        largest,
        *_sizes("growth.restart", "restart to the first answer", "items", walls, "s"),
        *_sizes("growth.memory", reads, "items", memory, "MB"),
    ]


def _sizes(
    key: str, what: str, unit: str, found: dict[int, list[float]], measure: str
) -> list[Figure]:
    smallest, *_, largest = found
    return [
        Figure(
            f"{key}.ratio",
            f"{what}: {largest:,} {unit} to {smallest:,}",
            ratio(found[largest], found[smallest]),
            "x",
        ),
        *(
            Figure(f"{key}.{size}", f"{what}, {size:,} {unit}", median(values), measure)
            for size, values in found.items()
        ),
    ]


def _ask(server: Server, paths: Sequence[str]) -> None:
    """Send the requests over one connection. Each must be answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        for path in paths:
            connection.request("GET", path)
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                raise AssertionError(f"{path} has status {reply.status}.")
    finally:
        connection.close()


if __name__ == "__main__":
    asked = [ITEMS[0], *sorted(int(word) for word in sys.argv[1:])]
    print(table("growth", with_items(replace(FULL, rounds=3, starts=2), asked), {}))
