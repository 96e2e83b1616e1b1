"""Names that every AWS service accepts."""

import pytest

from oort.model import names


@pytest.mark.parametrize("name", ["accounts", "a", "a1-b", "a" * 34])
def test_a_service_name_is_lower_case_letters_digits_and_dashes(name: str) -> None:
    assert names.SERVICE.fullmatch(name)


@pytest.mark.parametrize("name", ["", "Accounts", "1a", "a_b", "a.b", "a" * 35, "ä", "a\n"])
def test_other_service_names_are_refused(name: str) -> None:
    assert not names.SERVICE.fullmatch(name)


def test_an_event_is_named_by_its_service_and_itself() -> None:
    assert names.EVENT.fullmatch("accounts.signed-up")
    assert not names.EVENT.fullmatch("signed-up")
    assert not names.EVENT.fullmatch("accounts.signed.up")
    assert names.owner("accounts.signed-up") == "accounts"
    assert names.owner("accounts") == "accounts"


def test_a_python_name_becomes_a_resource_name() -> None:
    assert names.dashed("_first_Workspace_") == "first-workspace"
    assert names.RESOURCE.fullmatch(names.dashed("first_workspace"))
