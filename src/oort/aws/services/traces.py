"""The Traces port on X-Ray: segment documents as datagrams to the daemon that Lambda runs beside each function.

There is no answer and no retry: a datagram that is lost costs a span, never an invocation.
"""

import contextlib
import re
import socket
from collections.abc import Iterator, Sequence

import msgspec

from oort.model.invocations import Span
from oort.rules.identifiers import to_xray

_HEADER = b'{"format":"json","version":1}\n'
# https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
_LARGEST = 64_000
_UNWELCOME = re.compile(r"[^\w .:/%&#=+\\\-@]")
_NAME = 200


class Traces:
    """See `ports.traces`. `address` is what AWS_XRAY_DAEMON_ADDRESS holds; without one, spans go nowhere."""

    def __init__(self, address: str) -> None:
        self._address = _address(address)
        self._socket: socket.socket | None = None

    def record(self, spans: Sequence[Span]) -> None:
        """See `ports.traces`."""
        if self._address is None:
            return
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.settimeout(0)
        for document in documents(spans):
            with contextlib.suppress(OSError):  # a full buffer, or nobody there
                self._socket.sendto(_HEADER + document, self._address)

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def documents(spans: Sequence[Span]) -> Iterator[bytes]:
    """A segment document for each call of a handler, its operations inside; one that would be too large, apart."""
    ids = {span.id for span in spans}
    below: dict[str, list[Span]] = {}
    for span in spans:
        below.setdefault(span.parent, []).append(span)
    for span in spans:
        if span.parent in ids:
            continue
        inner = below.get(span.id, [])
        whole = msgspec.json.encode(
            {**_segment(span), "subsegments": [_part(one) for one in inner]}
        )
        if len(whole) <= _LARGEST:
            yield whole
            continue
        yield msgspec.json.encode(_segment(span))
        for one in inner:
            alone = {
                **_part(one),
                "type": "subsegment",
                "trace_id": to_xray(one.trace),
                "parent_id": one.parent,
            }
            yield msgspec.json.encode(alone)


def _segment(span: Span) -> dict[str, object]:
    parent = {"parent_id": span.parent} if span.parent else {}
    notes = {"function": span.name, "service": span.service, "kind": span.kind}
    return {
        **_part(span),
        "name": _named(span.service),
        "trace_id": to_xray(span.trace),
        **parent,
        "annotations": notes,
    }


def _part(span: Span) -> dict[str, object]:
    document: dict[str, object] = {
        "id": span.id,
        "name": _named(span.name),
        "start_time": span.start / 1e9,
        "end_time": (span.start + span.duration) / 1e9,
    }
    if span.error:
        document["fault"] = True
        document["metadata"] = {"oort": {"error": span.error}}
    if span.detail:
        document["metadata"] = {
            "oort": {**span.detail, **({"error": span.error} if span.error else {})}
        }
    return document


def _named(name: str) -> str:
    return _UNWELCOME.sub("_", name)[:_NAME]


def _address(text: str) -> tuple[str, int] | None:
    """Host and port, of `127.0.0.1:2000` or of `tcp:… udp:127.0.0.1:2000`; None if it is neither."""
    for part in text.split():
        if part.startswith("tcp:"):
            continue
        host, _, port = part.removeprefix("udp:").rpartition(":")
        if host and port.isdigit():
            return host, int(port)
    return None
