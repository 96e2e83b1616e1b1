"""Handles of secrets: text as it is, other types from JSON, and nothing that shows a value."""

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from oort import Can, Read, Secret, Service
from oort.model.errors import InvalidUse, NotGranted, Unreadable
from oort.model.operations import Revealed
from oort.testing import fake

vault = Service("vault")


class Account(msgspec.Struct):
    user: str
    port: int = 25


@vault.secret("plain")
class Plain(Secret[str, Can]): ...


@vault.secret("bounded")
class Bounded(Secret[Annotated[str, Meta(min_length=3)], Can]): ...


@vault.secret("account")
class Mail(Secret[Account, Can]): ...


@vault.secret("hosts")
class Hosts(Secret[dict[str, list[int]], Can]): ...


@pytest.mark.parametrize("text", ["sk_live_1", '"quoted"', "{}", " 1 \n"])
def test_text_is_what_was_set(text: str) -> None:
    assert fake(Plain[Read], text).value() == text


def test_text_may_have_bounds() -> None:
    assert fake(Bounded[Read], "abc").value() == "abc"
    with pytest.raises(Unreadable, match=r"vault\.bounded does not fit"):
        fake(Bounded[Read], "ab").value()


def test_other_types_are_read_from_json() -> None:
    assert fake(Mail[Read], Account("ada")).value() == Account("ada", 25)
    assert Mail.__oort__.decode('{"user": "ada"}') == Account("ada", 25)
    assert fake(Hosts[Read], {"a": [1]}).value() == {"a": [1]}


@pytest.mark.parametrize("text", ["", "canary", '{"canary": 1}', '{"user": 7}', "[" * 100_000])
def test_what_does_not_fit_names_the_secret_and_its_type_only(text: str) -> None:
    with pytest.raises(Unreadable) as raised:
        Mail.__oort__.decode(text)
    assert "vault.account does not fit Account" in str(raised.value)
    assert "canary" not in repr(raised.value)
    assert raised.value.__context__ is None


def test_the_result_of_a_read_hides_its_value() -> None:
    result = Revealed("canary")
    assert repr(result) == str(result) == "Revealed(value=…)"
    assert result.__rich_repr__() == [("value", ...)]
    assert "canary" not in repr(fake(Plain[Read], "canary"))


def test_the_class_is_no_handle_and_a_handle_needs_the_action() -> None:
    with pytest.raises(InvalidUse, match=r"Plain\[Read\]"):
        Plain.value(Plain)  # type: ignore[arg-type]
    handle = fake(Plain[Read], "canary")
    handle._actions = frozenset()
    with pytest.raises(NotGranted):
        handle.value()


def test_a_fake_without_a_value_says_what_to_write() -> None:
    with pytest.raises(InvalidUse, match=r"write fake\(Plain\[…\], …\)"):
        fake(Plain[Read]).value()
