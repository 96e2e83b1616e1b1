"""P30: the API document says what the platform does: what it allows is answered as it says, what it forbids reaches no handler.

The short form draws a few requests a route, the same in each run; `make fuzz` draws many.
"""

import json
import os
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from cometbid.accounts import accounts
from cometbid.analytics.service import analytics
from cometbid.email.service import email
from cometbid.onboarding.service import onboarding
from oort import Problem, Service
from oort.app.documents import openapi
from oort.app.loading.loader import load
from oort.app.programs import Program
from tests.fuzz.campaign import campaign
from tests.fuzz.every_kind import kinds
from tests.fuzz.running import running
from tests.repeats import times

EXAMPLES = int(os.environ.get("OORT_FUZZ_EXAMPLES", times(4, least=1)))
SEED = int(os.environ.get("OORT_FUZZ_SEED", "1"))
PROGRAMS = {
    "cometbid": load([accounts, email, analytics, onboarding], name="cometbid"),
    "kinds": load([kinds], name="kinds"),
}


def document(program: Program) -> dict[str, Any]:
    """The document as a reader has it."""
    found: dict[str, Any] = json.loads(openapi.encoded(program))
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_document_is_valid_by_the_official_schema(name: str) -> None:
    validate(document(PROGRAMS[name]), cls=OpenAPIV31SpecValidator)


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_reply_is_as_documented_and_no_wrong_body_reaches_a_handler(name: str) -> None:
    with running(PROGRAMS[name]) as app:
        done = campaign(app, examples=EXAMPLES, seed=SEED)
    assert done.findings == ()
    assert done.entered > 50  # it did reach handlers
    assert done.forbidden > 20  # and did send wrong bodies
    assert {200, 204, 400, 401, 405, 415} <= done.statuses


def test_a_document_that_is_not_true_is_found_out() -> None:
    liar = Service("liar")

    @liar.get("/teapot", public=True)
    def undeclared() -> str:
        raise Refused

    @liar.get("/number", public=True)
    def another_type() -> int:
        return "seven"  # type: ignore[return-value]

    @liar.get("/broken", public=True)
    def broken() -> int:
        raise ZeroDivisionError

    with running(load([liar])) as app:
        findings = "\n".join(campaign(app, examples=1, seed=SEED).findings)
    assert "GET /liar/teapot [status_code_conformance]" in findings
    assert "GET /liar/number [not_a_server_error]" in findings  # the runtime held the reply
    assert "GET /liar/broken [not_a_server_error]" in findings
    assert "ZeroDivisionError" in findings


class Refused(Problem):
    """Not today."""

    status = 418
