"""`oort contracts export`: every event with its two schemas, as JSON."""

import json

import jsonschema_rs

from tests.unit.cli.shops import run

COMETBID = "apps/cometbid"


def test_every_event_is_printed_with_schemas_that_can_be_used() -> None:
    result = run("contracts", "export", COMETBID)
    assert result.exit_code == 0
    found = {(one["event"], one["version"]): one for one in json.loads(result.stdout)}
    assert set(found) == {("accounts.closed", 1), ("accounts.email-changed", 1), ("accounts.signed-up", 1)}
    signed_up = found["accounts.signed-up", 1]
    assert signed_up["consumers"] == ["analytics.count", "email.welcome", "onboarding.first_workspace"]
    assert signed_up["file"].endswith("contracts/accounts.py")
    document = {"account_id": "1", "email": "a@b.no", "country": "NO"}
    assert jsonschema_rs.is_valid(signed_up["writer"], document)
    assert not jsonschema_rs.is_valid(signed_up["writer"], {**document, "new": 1})
    assert jsonschema_rs.is_valid(signed_up["reader"], {**document, "new": 1})
