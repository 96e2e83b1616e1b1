"""All ordered pairs of field types: what the check lets pass, the real decoder reads.

The documents of a type are those that its own decoder accepts, written by its own encoder.
"""

from functools import cache
from typing import Any

import msgspec
import pytest

from oort.app.handles import codecs
from oort.model.contracts import Schema
from oort.model.errors import InvalidValue
from oort.rules.contracts.fits import misfit
from oort.rules.events import event_schemas
from oort.rules.types import opening
from tests.repeats import PROFILE, share
from tests.unit.rules.events.field_types import DOCUMENTS, TYPES

WRITERS = range(0, len(TYPES), 1 if PROFILE == "full" else 4)
_ERRORS = (msgspec.MsgspecError, InvalidValue, ValueError, TypeError, RecursionError)


@cache
def holder(number: int) -> Any:
    """An event-like Struct with one field of the type."""
    return msgspec.defstruct("Holder", [("v", TYPES[number])], module=__name__)


@cache
def schemas(number: int) -> tuple[Schema, Schema]:
    return event_schemas.both(holder(number))


@cache
def written(number: int) -> tuple[bytes, ...]:
    """Every document that a publisher of the type can write, of those that are known here."""
    kind, found = holder(number), dict[bytes, None]()
    for document in DOCUMENTS:
        try:
            value = codecs.read(msgspec.json.encode({"v": document}), kind)
            if not opening.unknowns(kind, value):  # a publisher sends known values only
                found[codecs.written(value, kind)] = None
        except _ERRORS:
            continue
    return tuple(found)


def refused(number: int, data: bytes) -> str:
    """Why a reader of the type refuses the document; empty if it does not."""
    try:
        codecs.read(data, holder(number))
    except _ERRORS as error:
        return str(error)
    return ""


@pytest.mark.unmeasured
def test_there_are_many_types_and_each_has_documents() -> None:
    assert len(TYPES) >= 130
    assert [TYPES[number] for number in WRITERS if not written(number)] == []


@pytest.mark.unmeasured
@pytest.mark.parametrize("writer", WRITERS, ids=lambda number: str(TYPES[number])[:60])
def test_what_is_allowed_is_read(writer: int) -> None:
    unsafe: list[tuple[object, str, str]] = []
    readers = share(range(len(TYPES)), start=writer)
    for reader in {writer, *(readers if PROFILE == "full" else readers[writer % 4 :: 4])}:
        if misfit(schemas(writer)[0], schemas(reader)[1]) is not None:
            assert reader != writer, "a type must fit itself"
            continue
        for data in written(writer):
            if why := refused(reader, data):
                unsafe.append((TYPES[reader], data.decode(), why))
                break
    assert unsafe == []
