"""Every envelope that is written fits its schema, and what is no such envelope does not. Judged by another validator."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model.messages import Message, Older
from oort.rules.events import envelope_schemas, event_schemas
from oort.rules.messaging import envelopes


class Sold(msgspec.Struct):
    id: str
    note: str = ""


WRITER = event_schemas.writer(Sold)
FIRST = jsonschema_rs.validator_for(
    envelope_schemas.schema("shop.sold", 1, oldest=1, older=[], data=WRITER)
)
SECOND = jsonschema_rs.validator_for(
    envelope_schemas.schema("shop.sold", 2, oldest=2, older=[1], data=WRITER)
)
PLAIN = jsonschema_rs.validator_for(
    envelope_schemas.schema("shop.sold", 1, oldest=1, older=[], data={"type": "integer"})
)
filled = st.text(min_size=1, max_size=5)


def enveloped(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(envelopes.wrapped(message))
    return found


@given(
    st.builds(Sold, st.text(max_size=3), st.text(max_size=3)),
    filled,
    st.text(max_size=5),
    st.floats(0, 1e10),
    st.booleans(),
)
def test_what_is_written_fits(sold: Sold, id: str, key: str, sent: float, newer: bool) -> None:
    body = msgspec.json.encode(sold)
    version, older = (2, (Older(1, b'{"n":1}'),)) if newer else (1, ())
    message = Message(
        id=id,
        name="shop.sold",
        body=body,
        version=version,
        key=key,
        sent=sent,
        oldest=version,
        older=older,
    )
    assert (SECOND if newer else FIRST).is_valid(enveloped(message))
    assert not (FIRST if newer else SECOND).is_valid(enveloped(message))


def sold(**changes: Any) -> dict[str, Any]:
    """An envelope of version 1, changed."""
    message = Message(id="1", name="shop.sold", body=b'{"id":"1","note":""}', key="1", oldest=1)
    found = {**enveloped(message), **changes}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schemaversion": 1},
        {"datacontenttype": "application/json"},
        {"partitionkey": None},
        {"otherextension": 1},
    ],
    ids=str,
)
def test_what_cloudevents_allows_is_allowed(changes: dict[str, Any]) -> None:
    assert FIRST.is_valid(sold(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {name: None}
            for name in (
                "specversion",
                "id",
                "source",
                "type",
                "time",
                "dataschema",
                "schemaoldest",
                "data",
            )
        ),
        *(
            {"id": ""},
            {"source": "/other"},
            {"type": "shop.bought"},
            {"specversion": "0.3"},
            {"schemaversion": 2},
        ),
        *(
            {"datacontenttype": "text/xml"},
            {"data": {"id": "1"}},
            {"data": {"id": "1", "note": "", "new": 1}},
        ),
    ],
    ids=str,
)
def test_what_is_no_such_envelope_is_refused(changes: dict[str, Any]) -> None:
    assert not FIRST.is_valid(sold(**changes))


def test_data_without_definitions_stands_as_it_is() -> None:
    assert PLAIN.is_valid(sold(data=5))
    assert not PLAIN.is_valid(sold())
