"""Checks of a request's head that concern the server, not a route: Host and transfer coding."""

from collections.abc import Collection, Mapping
from typing import Any

from oort.model.problems import BadRequest, Problem

# Pages of other origins can reach a server on the loopback interface under a name of their own
# that leads there (DNS rebinding). Such a request has that name as its Host.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class MisdirectedRequest(Problem):
    """The server does not have the name of the Host header."""

    status = 421


class TransferCodingUnknown(Problem):
    """The transfer coding is not implemented."""

    status = 501


def fault(scope: Mapping[str, Any], *, hosts: Collection[str]) -> Problem | None:
    """Return what is wrong with the head of a request; None if nothing is.

    `hosts` are the names that the server has, in lower case, without a port. Without names,
    every Host is accepted, and none.
    """
    named: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"host":
            named.append(value)
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            return TransferCodingUnknown("Send the body with `transfer-encoding: chunked` only.")
    return _host_fault(named, scope, hosts) if hosts else None


def _host_fault(
    named: list[bytes], scope: Mapping[str, Any], hosts: Collection[str]
) -> Problem | None:
    if not named and scope["http_version"] == "1.0":  # has no Host header; no browser sends it
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
