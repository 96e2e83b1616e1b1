"""The Traces port on X-Ray: segment documents as datagrams to the daemon that Lambda runs
beside each function.

There is no response and no retry: a lost datagram costs a span, never an invocation.
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
    """See `ports.traces`.

    `address` is the value of AWS_XRAY_DAEMON_ADDRESS; if empty, spans are dropped.
    """

    def __init__(self, address: str) -> None:
        self._address = _address(address)
        self._socket: socket.socket | None = None

    def record(self, spans: Sequence[Span]) -> None:
        """See `ports.traces`."""
        if self._address is None:
            return
        with contextlib.suppress(OSError, ValueError):  # no daemon, or a text without UTF-8
            if self._socket is None:
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._socket.settimeout(0)
            for document in documents(spans):
                with contextlib.suppress(OSError):  # a full buffer
                    self._socket.sendto(_HEADER + document, self._address)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def documents(spans: Sequence[Span]) -> Iterator[bytes]:
    """Yield a segment document for each call of a handler, with its operations inside.

    If the document would be too large, its operations become documents of their own.
    """
    ids = {span.id for span in spans}
    children: dict[str, list[Span]] = {}
    for span in spans:
        children.setdefault(span.parent, []).append(span)
    for span in spans:
        if span.parent in ids:
            continue
        operations = children.get(span.id, [])
        document = msgspec.json.encode(
            {**_segment(span), "subsegments": [_part(operation) for operation in operations]}
        )
        if len(document) <= _LARGEST:
            yield document
            continue
        yield msgspec.json.encode(_segment(span))
        for operation in operations:
            subsegment = {
                **_part(operation),
                "type": "subsegment",
                "trace_id": to_xray(operation.trace),
                "parent_id": operation.parent,
            }
            yield msgspec.json.encode(subsegment)


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
    """Host and port of `127.0.0.1:2000` or `tcp:… udp:127.0.0.1:2000`; None for any other text."""
    for part in text.split():
        if part.startswith("tcp:"):
            continue
        host, _, port = part.removeprefix("udp:").rpartition(":")
        if host and port.isdigit():
            return host, int(port)
    return None
