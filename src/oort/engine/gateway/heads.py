"""Checks of a request's head that concern the server, not a route: Host and transfer coding."""

from collections.abc import Collection, Sequence
from typing import TypeAlias

from oort.model.problems import BadRequest, Problem

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

# Pages of other origins can reach a server on the loopback interface under a name of their own
# that leads there (DNS rebinding). Such a request has that name as its Host.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class MisdirectedRequest(Problem):
    """The server does not have the name of the Host header."""

    status = 421


class TransferCodingUnknown(Problem):
    """The transfer coding is not implemented."""

    status = 501


def read(
    raw: Headers, *, version: str, hosts: Collection[str]
) -> tuple[dict[str, str], Problem | None]:
    """Return the headers by their names in lower case, and the problem with them; None if they are good.

    Repeated headers are joined by a comma. `hosts` are the names that the server has, in lower
    case, without a port. Without names, every Host is accepted, and none.
    """
    headers: dict[str, str] = {}
    repeats_host = False
    for field, value in raw:
        key, text = field.decode("latin-1").lower(), value.decode("latin-1")
        if key in headers:
            repeats_host |= key == "host"
            text = f"{headers[key]}, {text}"
        headers[key] = text
    if "transfer-encoding" in headers and not all(_chunked(*header) for header in raw):
        fault = TransferCodingUnknown("Send the body with `transfer-encoding: chunked` only.")
        return headers, fault
    if not hosts:
        return headers, None
    host = headers.get("host", "")
    name, _, port = host.rpartition(":")
    usual = host in hosts or (name in hosts and port.isdecimal() and port.isascii())
    return headers, None if usual and not repeats_host else _host_fault(raw, version, hosts)


def _chunked(name: bytes, value: bytes) -> bool:
    return name.lower() != b"transfer-encoding" or value.strip().lower() == b"chunked"


def _host_fault(raw: Headers, version: str, hosts: Collection[str]) -> Problem | None:
    named = [value for name, value in raw if name.lower() == b"host"]
    if not named and version == "1.0":  # has no Host header; no browser sends it
        return None
    if len(named) != 1:
        return BadRequest(f"A request has one Host header; this one has {len(named) or 'none'}.")
    if _name(named[0]) in hosts:
        return None
    return MisdirectedRequest(
        f"This server is {' or '.join(sorted(hosts))}; send one of these names as Host, "
        "with any port. A proxy in front of the server must set it."
    )


def _name(host: bytes) -> str:
    """Return the name of a Host header without its port; the whole text if the port is none."""
    text = host.decode("latin-1").strip().lower()
    name, colon, port = text.rpartition(":")
    return name if colon and (not port or (port.isascii() and port.isdecimal())) else text
