"""Keys of external effects, and what their names, leases and results must be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import InvalidUse, LimitExceeded
from oort.model.operations import Lease
from oort.rules.messaging import effects

LEASE = Lease("billing.charge", "m1", "charge", "me")
plain = st.text("abc.-", min_size=1, max_size=4)


def test_a_key_never_changes() -> None:
    """Whoever changes this sends payments again that were made before the upgrade."""
    assert (
        effects.key("billing.charge", "0190-ab", "charge") == "dc01bbd0-3a6c-5624-ace2-bd6b4c7a70a8"
    )


@given(st.tuples(plain, st.text("ab/@", min_size=1, max_size=6), plain))
def test_no_two_effects_have_one_key(place: tuple[str, str, str]) -> None:
    function, message, name = place
    others = [
        (f"{function}x", message, name),
        (function, f"{message}/{name}", name),
        (function, message, f"{name}x"),
    ]
    keys = [effects.key(*one) for one in (place, *others)]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 36 and key.isascii() and key.isprintable() for key in keys)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 12 * 3600 + 0.001])
def test_a_lease_is_above_zero_and_at_most_as_long_as_a_message_can_be_invisible(
    seconds: float,
) -> None:
    with pytest.raises(LimitExceeded, match="not possible"):
        effects.length(seconds)
    assert effects.length(0.5) == timedelta(seconds=0.5)
    assert effects.length(12 * 3600) == limits.VISIBILITY


@pytest.mark.parametrize("name", ["", "a/b", "a b", "æ", "x" * 65, "a\n"])
def test_a_name_that_could_not_end_a_key_is_refused(name: str) -> None:
    with pytest.raises(InvalidUse, match="not the name of an effect"):
        effects.check(Lease("f", "m", name, "me"))
    effects.check(LEASE)


def test_a_result_that_is_too_large_is_refused() -> None:
    effects.check_result(b"x" * limits.EFFECT_RESULT_BYTES)
    with pytest.raises(LimitExceeded, match="65,537 bytes"):
        effects.check_result(b"x" * (limits.EFFECT_RESULT_BYTES + 1))


def test_the_error_for_one_in_progress_names_it_and_says_when() -> None:
    error = effects.in_progress(LEASE, after=timedelta(seconds=5))
    assert error.after == timedelta(seconds=5)
    assert all(part in str(error) for part in ("m1", "billing.charge", "'charge'"))
