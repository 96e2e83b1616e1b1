"""What EventBridge's registry is told: names, and a schema of draft 4 that is not larger than it takes."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from oort.model.errors import InvalidValue
from oort.rules.events import event_schemas, registries


class Sold(msgspec.Struct):
    id: str
    kind: str | None = None


def test_an_entry_has_a_name_and_a_schema_as_text() -> None:
    found: dict[str, Any] = registries.entry(
        "shop.sold-out", 3, registry="shop", writer=event_schemas.writer(Sold)
    )
    content = json.loads(found.pop("Content"))
    assert found == {
        "RegistryName": "shop",
        "SchemaName": "shop@sold-out-v3",
        "Type": "JSONSchemaDraft4",
    }
    assert content["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert jsonschema_rs.is_valid(content, {"id": "1", "kind": None})
    assert not jsonschema_rs.is_valid(content, {"id": "1", "kind": None, "new": 1})


def test_the_largest_is_taken_and_what_is_larger_refused() -> None:
    def entry(length: int) -> Any:
        return registries.entry(
            "shop.sold", 1, registry="shop", writer={"description": "é" * length}
        )["Content"]

    rest = len(entry(0))
    assert len(entry(100_000 - rest)) == 100_000
    with pytest.raises(InvalidValue, match="100,001 characters"):
        entry(100_001 - rest)
