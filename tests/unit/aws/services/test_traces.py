"""Spans become X-Ray's segment documents, and losing them never fails anything."""

import json
import socket

import pytest

from oort.aws.services.traces import Traces, documents
from oort.model.invocations import Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(
    id: str,
    parent: str = "",
    *,
    name: str = "put shop.orders",
    kind: str = "operation",
    error: str = "",
    **detail: str,
) -> Span:
    return Span(
        trace=TRACE, id=id, parent=parent, name=name, kind=kind, service="shop", start=1_500_000_000,
        duration=2_000_000, error=error, detail=detail,
    )  # fmt: skip


def read(spans: list[Span]) -> list[dict[str, object]]:
    return [json.loads(document) for document in documents(spans)]


def test_an_invocation_is_one_segment_with_its_operations_inside() -> None:
    (segment,) = read(
        [
            span("a", "0f", name="shop.place", kind="function"),
            span("b", "a"),
            span("c", "a", error="throttled"),
        ]
    )
    assert segment["trace_id"] == "1-4bf92f35-77b34da6a3ce929d0e0e4736"
    assert (segment["id"], segment["parent_id"], segment["name"]) == ("a", "0f", "shop")
    assert (segment["start_time"], segment["end_time"]) == (1.5, 1.502)
    inner = segment["subsegments"]
    assert isinstance(inner, list)
    assert [one["name"] for one in inner] == ["put shop.orders"] * 2
    assert [one.get("fault", False) for one in inner] == [False, True]


def test_a_text_that_cannot_be_encoded_costs_a_span_and_no_invocation() -> None:
    traces = Traces("127.0.0.1:9")
    traces.record([span("a", error="\ud800")])
    traces.close()


def test_each_delivery_of_a_batch_is_a_segment_of_its_own() -> None:
    first, second = read(
        [
            span("a", kind="delivery", attempt="1"),
            span("b", kind="delivery", error="no", attempt="2"),
        ]
    )
    assert "parent_id" not in first
    assert first["metadata"] == {"oort": {"attempt": "1"}}
    assert second["metadata"] == {"oort": {"attempt": "2", "error": "no"}}


def test_what_would_be_too_large_travels_apart() -> None:
    many = [span(f"{number:x}", "root", name="n" * 300) for number in range(400)]
    whole = [span("root", name="shop.large", kind="function"), *many]
    found = read(whole)
    assert len(found) == 401
    assert all(one["type"] == "subsegment" and one["parent_id"] == "root" for one in found[1:])
    assert all(len(document) <= 64_000 for document in documents(whole))


@pytest.mark.parametrize("form", ["{}", "tcp:127.0.0.1:1 udp:{}"])
def test_documents_are_sent_to_the_daemon(form: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(5)
        traces = Traces(form.format(f"127.0.0.1:{daemon.getsockname()[1]}"))
        traces.record([span("a")])
        traces.record([span("b")])
        for name in "ab":
            header, _, document = daemon.recv(65_536).partition(b"\n")
            assert json.loads(header) == {"format": "json", "version": 1}
            assert json.loads(document)["id"] == name
        traces.close()
        traces.close()


@pytest.mark.parametrize("address", ["", "nonsense", "127.0.0.1:1"])
def test_without_a_daemon_spans_go_nowhere(address: str) -> None:
    traces = Traces(address)
    traces.record([span("a")])
    traces.record([span("b")])
    traces.close()
