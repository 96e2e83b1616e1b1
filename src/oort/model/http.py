"""A request and its reply, as a gateway sees them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in. `path` is raw; header names are lower-case, repeated ones joined by a comma.

    `client` is the address it came from.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    client: str = ""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What goes back, and what the access log says about it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace: str
    function: str = ""
    error: str = ""  # a failed handler's traceback, for the log only
