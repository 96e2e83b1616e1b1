"""Logical ids: short where names are plain, and never the same for two names or two kinds."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from oort import cloudformation
from oort.cloudformation.logical import digest, identity, short

NAMES = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}(\.[a-z_][a-z0-9_-]{0,8})?", fullmatch=True)
KIND = re.compile(r"identity\(\s*\"([A-Za-z]+)\"|logical_id\(\"([A-Za-z]+)\"\)")


@given(first=NAMES, second=NAMES)
def test_two_names_have_two_ids(first: str, second: str) -> None:
    assert (identity("Table", first) == identity("Table", second)) == (first == second)
    assert re.fullmatch(r"[A-Za-z0-9]{1,255}", identity("Table", first))


def test_names_that_look_alike_in_capitals_carry_a_hash() -> None:
    alike = ["a-b.c", "a.b-c", "a.bC", "a.b_C"]
    assert len({identity("Topic", name) for name in alike}) == len(alike)
    assert identity("Topic", "a.b-c") == "TopicABC"
    assert len({identity("Function", name) for name in ("a1", "a_1", "_a1", "a__1")}) == 4


def test_no_kind_can_be_taken_for_another() -> None:
    """An id begins with its kind: none may be the beginning of another that goes on with a capital."""
    folder = Path(cloudformation.__file__).parent
    text = "".join(file.read_text() for file in folder.rglob("*.py"))
    kinds = {first or second for first, second in KIND.findall(text)}
    assert {"Table", "Queue", "Dead", "Function", "Role", "Live", "Path", "Schedule"} <= kinds
    clashes = [(one, two) for one in kinds for two in kinds if re.match(rf"{one}[A-Z]", two)]
    assert clashes == []


def test_inside_a_service_its_name_goes_without_saying() -> None:
    assert short("accounts.sign_up") == "sign_up"


def test_a_digest_changes_with_the_value() -> None:
    assert digest({"a": 1}) != digest({"a": 2})
    assert re.fullmatch(r"[0-9a-f]{10}", digest([1]))
