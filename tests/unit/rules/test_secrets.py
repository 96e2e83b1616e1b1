"""Values that may be stored, and sentences without values."""

import pytest

from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.secrets import BYTES
from oort.rules import secrets

NAME = "billing.key"


@pytest.mark.parametrize("value", ["x", "x" * BYTES, "æ" * (BYTES // 2), " \n"])
def test_values_that_fit(value: str) -> None:
    secrets.check(NAME, value)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("", InvalidValue),
        ("canary\ud800", InvalidValue),
        ("canary" + "x" * BYTES, LimitExceeded),
        ("canary" + "æ" * (BYTES // 2), LimitExceeded),
    ],
)
def test_values_that_do_not_fit_are_not_shown(value: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        secrets.check(NAME, value)
    assert NAME in str(raised.value)
    assert "canary" not in str(raised.value)
    assert raised.value.__context__ is None


def test_what_is_missing_is_named_with_its_service_and_command() -> None:
    assert str(secrets.missing(NAME)) == (
        "The secret billing.key of the service billing has no value. Set it: oort secrets set billing.key, with the -C and the --state of the platform"
    )
    assert str(secrets.missing(NAME, stage="prod")).endswith("set billing.key --stage prod")
    assert (
        secrets.command(NAME, place="-C apps/shop") == "oort secrets set billing.key -C apps/shop"
    )
