"""Requests, replies and fixed pages, as a gateway sees them."""

from dataclasses import dataclass

import msgspec

# No service can have this name: names of services begin with a letter.
PREFIX = "/_oort/"


# Requests and replies are made for each request: a Struct costs a tenth of a frozen dataclass.
class HttpRequest(msgspec.Struct, frozen=True, gc=False):
    """A request as the gateway received it.

    `path` is raw. Header names are lower-case, and repeated headers are joined by a comma. `client`
    is the address of the client.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    client: str = ""


class HttpReply(msgspec.Struct, frozen=True, gc=False):
    """The reply to a client, with details for the access log."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace: str
    function: str = ""
    error: str = ""  # a failed handler's traceback, for the log only
    version: str = ""  # of the service, while several are live


@dataclass(frozen=True, slots=True)
class FixedPage:
    """A page that never changes while the platform runs.

    `policy` is its Content-Security-Policy. By default a page loads nothing.
    """

    content_type: str
    body: bytes
    policy: str = "default-src 'none'"
