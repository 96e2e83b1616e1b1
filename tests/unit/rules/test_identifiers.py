"""Identifiers are what their standards say."""

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.rules import identifiers

times = st.integers(0, 2**48 - 1)
bits = st.integers(0, 2**74 - 1)
traces = st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}")
spans = st.integers(1, 2**64 - 1).map(lambda number: f"{number:016x}")


@given(times, bits)
def test_an_identifier_is_a_version_7_uuid_that_holds_its_time(
    milliseconds: int, random: int
) -> None:
    uuid = UUID(identifiers.uuid7(milliseconds, random))
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert uuid.int >> 80 == milliseconds


@given(times, bits, times, bits)
def test_identifiers_sort_by_time(one: int, noise: int, other: int, more: int) -> None:
    a, b = identifiers.uuid7(one, noise), identifiers.uuid7(other, more)
    assert (a[:13] < b[:13]) == (one < other)
    assert (a == b) == ((one, noise) == (other, more))


def test_an_identifier_uses_every_random_bit() -> None:
    assert identifiers.uuid7(2**48 - 1, 2**74 - 1) == "ffffffff-ffff-7fff-bfff-ffffffffffff"


@given(traces, spans)
def test_a_trace_parent_goes_round(trace: str, span: str) -> None:
    header = identifiers.traceparent(trace, span)
    assert identifiers.parent_of(header) == (trace, span)
    assert identifiers.parent_of(f"  {header.upper()} ") == (trace, span)


@given(st.text())
def test_any_other_text_is_no_trace_parent(text: str) -> None:
    assert identifiers.parent_of(text) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 31 + "-" + "1" * 16 + "-01",
        "00-" + "g" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01-extra",
        "00-" + "1" * 32 + "-" + "1" * 16,
        "00-" + "１" * 32 + "-" + "1" * 16 + "-01",  # noqa: RUF001  a digit, but not an ASCII one
    ],
)
def test_an_invalid_trace_parent_is_none(header: str) -> None:
    assert identifiers.parent_of(header) is None


def test_new_ids_come_from_the_time_and_from_random_bits() -> None:
    now = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert identifiers.new(now, lambda count: count) == identifiers.uuid7(1000, 74)
    assert (identifiers.new_trace(lambda count: count), identifiers.new_span(lambda _: 0)) == (
        f"{128:032x}",
        f"{1:016x}",
    )


def test_the_ids_of_a_request_come_from_one_draw_and_share_no_bit_of_it() -> None:
    drawn: list[int] = []

    def bits(count: int) -> int:
        drawn.append(count)
        return 0xA << 138 | 0xB << 74 | 0xC

    trace, span, own = identifiers.of_request(0, bits)
    assert (trace, span) == (f"{0xA:032x}", f"{0xB:016x}")
    assert own == identifiers.uuid7(0, 0xC)
    assert drawn == [128 + 64 + 74]


def test_the_ids_of_a_request_are_never_0() -> None:
    trace, span, _ = identifiers.of_request(0, lambda _: 0)
    assert (trace, span) == (f"{1:032x}", f"{1:016x}")
