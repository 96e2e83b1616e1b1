"""Runs the claims and judges them: `python -m benchmarks [--quick] [CLAIM ...]`, called by `make bench`.

Exit 0 when every floor of floors.toml holds, 1 when one does not, 64 for words or floors it cannot read.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    api,
    checked_writes,
    cloud_calls,
    contracts,
    enqueue,
    gateway_read,
    gateway_write,
    growth,
    import_budget,
    latency,
    many_services,
    queue_cycle,
    queues,
    start_up,
)
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.figures import FLOORS, Figure, UnreadableFloors, broken, floors, table, unmeasured
from benchmarks.load import LoadFailed
from benchmarks.processes import NotStarted

Claim = tuple[str, Callable[[Effort], list[Figure]]]

CLAIMS: dict[str, Claim] = {
    "start-up": ("oort dev apps/cometbid", start_up.measure),
    "many-services": ("oort dev, a large platform", many_services.measure),
    "contracts": ("oort contracts check, 2,000 contracts", contracts.measure),
    "checked-writes": ("an item held against its type, against pydantic", checked_writes.measure),
    "import": ("import oort, against import fastapi", import_budget.measure),
    "gateway-read": (
        "gateway with everything on, a read, against FastAPI + uvicorn, alone and with the same beside",
        gateway_read.measure,
    ),
    "gateway-write": (
        "gateway with everything on, a durable write, against the same",
        gateway_write.measure,
    ),
    "enqueue": (
        "durable send, 64 producers, against raw SQLite with 64 rows a transaction",
        enqueue.measure,
    ),
    "latency": (
        "requests at fixed times, and events to their effects",
        latency.measure,
    ),
    "growth": (
        "the largest against the smallest: items, waiting messages, services",
        growth.measure,
    ),
    "queue-cycle": (
        "durable send, lease and acknowledgement, against raw SQLite with 64 rows a transaction",
        queue_cycle.measure,
    ),
    "queues": (
        "oort dev, messages to a handler, against huey and DBOS on SQLite with 8 threads each",
        queues.measure,
    ),
    "api": (
        "oort dev, a request to a handler that returns a constant, against ministack",
        api.measure,
    ),
    "cloud-calls": (
        "a row read, a row written, a message sent, against calls of ministack and moto",
        cloud_calls.measure,
    ),
}


def main(
    arguments: Sequence[str], *, claims: dict[str, Claim] = CLAIMS, path: Path = FLOORS
) -> int:
    """Run the named claims, or all of them."""
    names = [word for word in arguments if word != "--quick"] or list(claims)
    unknown = [name for name in names if name not in claims]
    if unknown:
        print(
            f"bench: no claim named {', '.join(unknown)}; there are: {', '.join(claims)}",
            file=sys.stderr,
        )
        return 64
    try:
        known = floors(path)
    except UnreadableFloors as error:
        print(f"bench: {error}", file=sys.stderr)
        return 64
    effort = QUICK if "--quick" in arguments else FULL
    print(_machine(), end="\n\n", flush=True)
    figures: list[Figure] = []
    for name in names:
        title, measure = claims[name]
        began = time.perf_counter()
        try:
            found = measure(effort)
        except (LoadFailed, NotStarted) as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            return 1
        figures += found
        print(
            table(f"{name}: {title} ({time.perf_counter() - began:.0f} s)", found, known),
            flush=True,
        )
    faults = [*broken(figures, known), *unmeasured(figures, known, claims=names)]
    print("\n".join(faults) if faults else "Every floor holds.")
    return 1 if faults else 0


def _machine() -> str:
    """Where this was measured: figures of two machines say nothing about each other, ratios do."""
    load = os.getloadavg()[0]
    return f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
