"""P4, P14, P16: the same program signs people up through AWS's APIs; three consumers do their work, and one trace shows it."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from oort.rules.cloud.deployed import Outputs
from tests.e2e.deployed import COMETBID, Daemon, Deployed, eventually


@pytest.fixture(scope="module")
def email() -> str:
    return f"ada+{uuid4().hex[:8]}@example.com"


@pytest.fixture(scope="module")
def account(platform: Deployed, email: str) -> dict[str, str]:
    """Somebody who has signed up."""
    answer = platform.ask("accounts", "POST", "/accounts", {"email": email, "country": "NO"})
    assert answer.status == 201, answer.body
    found: dict[str, str] = {**answer.json(), "trace": answer.headers["trace-id"]}
    assert answer.headers["location"] == f"/accounts/{found['id']}"
    return found


@pytest.fixture(scope="module")
def support(platform: Deployed) -> str:
    """The token of somebody in the group `support`."""
    return platform.token(f"{uuid4().hex[:8]}@example.com", group="support")


def test_the_three_consumers_do_their_work(
    platform: Deployed, account: dict[str, str], support: str
) -> None:
    day = datetime.now(UTC).date()

    def counted() -> bool:
        found = platform.ask("analytics", "GET", f"/analytics/counts/{day}")
        return found.status == 200 and [one["sign_ups"] for one in found.json()["items"]] == [1]

    eventually(counted, "analytics counts the sign-up once")
    eventually(
        lambda: [one["to"] for one in platform.mails()] == [account["email"]], "one welcome is sent"
    )

    def welcomed() -> bool:
        found = platform.ask(
            "onboarding", "GET", f"/onboarding/workspaces/{account['id']}", token=support
        )
        return found.status == 200 and bool(
            found.json() == {"owner": account["id"], "name": "Home"}
        )

    eventually(welcomed, "the first workspace is there")
    sent = platform.ask("email", "GET", "/email/sent", token=support)
    assert [one["to"] for one in sent.json()["items"]] == [account["email"]]


def test_an_address_is_taken_once(platform: Deployed, account: dict[str, str]) -> None:
    answer = platform.ask(
        "accounts", "POST", "/accounts", {"email": account["email"], "country": "NO"}
    )
    assert answer.status == 409
    assert answer.json()["type"] == "urn:problem:email-taken"


def test_what_does_not_fit_is_refused_with_the_place(platform: Deployed) -> None:
    answer = platform.ask("accounts", "POST", "/accounts", {"country": "Norway"})
    assert answer.status == 400
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/email", "/country"}


def test_private_routes_are_closed_to_strangers(
    platform: Deployed, account: dict[str, str], support: str
) -> None:
    path = f"/accounts/{account['id']}"
    assert platform.ask("accounts", "GET", path).status == 401
    assert platform.ask("accounts", "GET", path, token="not.a.token").status in (401, 403)
    stranger = platform.token(f"{uuid4().hex[:8]}@example.com")
    assert platform.ask("accounts", "GET", path, token=stranger).status == 403
    assert platform.ask("accounts", "GET", path, token=support).json()["email"] == account["email"]
    assert platform.ask("accounts", "GET", "/accounts/nobody", token=support).status == 404


def test_an_unknown_path_is_a_404(platform: Deployed) -> None:
    assert platform.ask("accounts", "GET", "/elsewhere/at/all").status == 404


def test_a_country_is_listed_through_its_index(
    platform: Deployed, account: dict[str, str], support: str
) -> None:
    def listed() -> bool:
        found = platform.ask("accounts", "GET", "/accounts?country=NO&limit=1", token=support)
        return found.status == 200 and [one["id"] for one in found.json()["items"]] == [
            account["id"]
        ]

    eventually(listed, "the index shows the account")


def test_one_trace_shows_every_service(
    platform: Deployed, daemon: Daemon, account: dict[str, str]
) -> None:
    trace = f"1-{account['trace'][:8]}-{account['trace'][8:]}"

    def complete() -> bool:
        found = {one["name"] for one in daemon.segments() if one["trace_id"] == trace}
        return found == {"accounts", "analytics", "email", "onboarding"}

    eventually(complete, "segments of all four services")
    functions = {
        one["annotations"]["function"] for one in daemon.segments() if one["trace_id"] == trace
    }
    assert functions == {
        "accounts.sign_up", "analytics.count", "email.welcome", "email.deliver", "onboarding.first_workspace"
    }  # fmt: skip


def test_every_line_of_a_functions_log_is_json_with_its_trace(
    platform: Deployed, account: dict[str, str]
) -> None:
    name = f"/aws/lambda/cometbid_{platform.stage.name}_accounts_sign_up"

    def lines() -> list[dict[str, object]]:
        events = platform.client("logs").filter_log_events(logGroupName=name)["events"]
        found = [one["message"].strip() for one in events]
        return [json.loads(one) for one in found if one.startswith("{")]

    eventually(
        lambda: any(line.get("trace") == account["trace"] for line in lines()),
        "the log of the sign-up",
    )
    (line,) = [line for line in lines() if line.get("trace") == account["trace"]]
    assert (line["service"], line["function"], line["status"]) == (
        "accounts",
        "accounts.sign_up",
        201,
    )
    assert "_aws" in line


def test_not_one_line_of_the_program_differs(platform: Deployed) -> None:
    """What runs there is what stands here, to the byte."""
    import io
    import zipfile

    store, bucket = (
        platform.client("s3"),
        platform.outputs[f"cometbid-{platform.stage.name}--assets"][Outputs.BUCKET],
    )
    keys = [
        one["Key"]
        for one in store.list_objects_v2(Bucket=bucket)["Contents"]
        if one["Key"].endswith(".zip")
    ]
    assert len(keys) == 4
    seen = set[str]()
    for key in keys:
        archive = zipfile.ZipFile(
            io.BytesIO(store.get_object(Bucket=bucket, Key=key)["Body"].read())
        )
        for name in archive.namelist():
            if name.startswith("cometbid/"):
                assert archive.read(name) == (COMETBID.parent / name).read_bytes()
                seen.add(name)
    own = {
        str(file.relative_to(COMETBID.parent))
        for file in COMETBID.rglob("*.py")
        if ".oort" not in file.parts
    }
    assert seen == own
