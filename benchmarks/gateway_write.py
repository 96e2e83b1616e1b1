"""Claim: the same as gateway_read.py with one durable write a request; FastAPI commits one row a transaction.

Both ask SQLite for `synchronous = FULL`, which is verified, and every row is new.
"""

import http.client
from pathlib import Path

import msgspec

from benchmarks import gateway, programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure
from oort.engine.store.store import connect

FULL = 2


def measure(effort: Effort) -> list[Figure]:
    """Write one row a request."""
    return [*_durability(), *gateway.compared("gateway-write", effort, write=True)]


def _durability() -> list[Figure]:
    """What each side's own connection answers to `PRAGMA synchronous`."""
    with programs.scratch() as folder:
        ours = _synchronous(folder / "oort.db")
        with programs.fastapi(folder) as rival:
            asked = http.client.HTTPConnection("127.0.0.1", rival.port, timeout=5)
            asked.request("GET", programs.READY)
            theirs = int(
                msgspec.json.decode(asked.getresponse().read(), type=dict[str, str])["synchronous"]
            )
            asked.close()
    return [
        Figure("gateway-write.durable.oort", "Oort: PRAGMA synchronous (2 is FULL)", ours, ""),
        Figure("gateway-write.durable.fastapi", "FastAPI: PRAGMA synchronous", theirs, ""),
    ]


def _synchronous(path: Path) -> int:
    connection = connect(path, key="0" * 64)
    try:
        rows = connection.execute("PRAGMA synchronous").fetchall()
    finally:
        connection.close()
    return int(str(rows[0][0]))
