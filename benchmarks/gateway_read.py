"""Claim: a read through the gateway with everything on, against plain FastAPI and uvicorn with a pydantic body.

Oort does the route, the bearer token, validation, the permission check, an encrypted store, a log
line and a trace; FastAPI the route, validation and a plain SQLite file.
"""

from benchmarks import gateway
from benchmarks.effort import Effort
from benchmarks.figures import Figure


def measure(effort: Effort) -> list[Figure]:
    """Read one row a request."""
    return gateway.compared("gateway-read", effort, write=False)
