"""`oort deploy` and `oort destroy` before they reach AWS, and how they print what happens there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from oort.cli.deploy import progress
from oort.model.delivery.deployments import StackChange, StackEvent, StackPlan
from tests.unit.cli.shops import run, shop

NOBODY = {
    "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_PROFILE": None, "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}  # fmt: skip


@pytest.fixture
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOBODY.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "words", [("deploy",), ("deploy", "--dry-run"), ("destroy", "--stage", "prod", "--yes")]
)
@pytest.mark.usefixtures("_nobody")
def test_without_credentials_a_sentence_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run(*words, "-C", shop(tmp_path))
    assert result.exit_code == 1
    assert "no usable credentials" in result.stderr
    assert "aws sso login" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words", [("deploy", "nothing"), ("destroy", "nothing", "--stage", "prod")]
)
def test_a_service_that_does_not_exist_is_a_usage_error(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run(*words, "-C", shop(tmp_path))
    assert result.exit_code == 64
    assert "There is no service nothing" in result.stderr


def test_destroying_needs_a_stage(tmp_path: Path) -> None:
    assert run("destroy", "-C", shop(tmp_path)).exit_code == 64


def test_a_stage_that_cannot_be_part_of_a_name_is_a_usage_error(tmp_path: Path) -> None:
    result = run("deploy", "--stage", "Prod-1", "-C", shop(tmp_path))
    assert result.exit_code == 64
    assert "lower-case letters and digits" in result.stderr


def test_a_plan_is_one_line() -> None:
    changes = (
        StackChange("A", "T", "Add"),
        StackChange("B", "T", "Add"),
        StackChange("C", "T", "Modify", replaced=True),
        StackChange("D", "T", "Remove"),
    )
    line = progress.plan(StackPlan("shop-prod", "arn", changes))
    assert line.split(maxsplit=1) == [
        "shop-prod",
        "2 to add, 1 to change, 1 to remove; replaced: C",
    ]
    assert progress.plan(StackPlan("shop-prod", "arn", ())).endswith("nothing to change")


def test_a_failure_shows_its_reason() -> None:
    event = StackEvent(
        "1", "shop-prod", "Queue", "AWS::SQS::Queue", "CREATE_FAILED", "no\nsuch", datetime.now(UTC)
    )
    assert "CREATE_FAILED" in progress.event(event)
    assert "no such" in progress.event(event)


@pytest.mark.parametrize(
    ("resource", "status", "told"),
    [
        ("Queue", "CREATE_IN_PROGRESS", False),
        ("Queue", "CREATE_COMPLETE", True),
        ("shop-prod", "UPDATE_ROLLBACK_IN_PROGRESS", True),
    ],
)
def test_what_begins_gets_no_line_of_its_own(resource: str, status: str, *, told: bool) -> None:
    lines = list[str]()
    progress.teller(lines.append)(
        StackEvent("1", "shop-prod", resource, "T", status, "", datetime.now(UTC))
    )
    assert bool(lines) is told
