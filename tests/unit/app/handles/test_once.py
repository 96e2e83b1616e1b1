"""`Once` as users write it: what is kept, what runs again, and what is refused before anything happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import BaseModel

from oort import Once, atomic
from oort.model import limits
from oort.model.errors import (
    EffectInProgress,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    Unavailable,
    Unreadable,
)
from oort.model.operations import (
    ClaimEffect,
    Done,
    FinishEffect,
    Happened,
    Lease,
    Operation,
    Refused,
    ReleaseEffect,
    Result,
)
from oort.testing import fake


class Receipt(msgspec.Struct):
    number: str
    at: datetime | None = None


@dataclass
class Plain:
    number: int


class Model(BaseModel):
    number: int


class Counted:
    """An effect that counts how often it ran."""

    def __init__(self, returned: object = None) -> None:
        self.keys: list[str] = []
        self.returned = returned

    def __call__(self, key: str) -> Any:
        self.keys.append(key)
        if isinstance(self.returned, BaseException):
            raise self.returned
        return self.returned


class Answering:
    """A link whose broker gives the answers of a test, one after the other, and Done from then on."""

    def __init__(self, *answers: Result | Exception) -> None:
        self.asked: list[Operation] = []
        self._answers = list(answers)

    def perform(self, operation: Operation) -> Result:
        self.asked.append(operation)
        answer = self._answers.pop(0) if self._answers else Done()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def lease(self, name: str) -> Lease:
        return Lease("billing.charge", "m1", name, "me")


def answering(*answers: Result | Exception) -> tuple[Once, Answering]:
    once, link = Once(), Answering(*answers)
    vars(once)["_link"] = link
    return once, link


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        ("pi_1", str),
        (5, int),
        (Receipt("1", datetime.fromisoformat("2026-11-25T14:00:00+00:00")), Receipt),
        (Plain(1), Plain),
        (Model(number=1), Model),
        ([Receipt("1")], list[Receipt]),
        ("", str),
    ],
    ids=str,
)
def test_a_result_comes_back_as_its_type_and_the_effect_runs_once(
    returned: object, kind: type[object]
) -> None:
    once, effect = fake(Once), Counted(returned)
    assert [once("charge", effect, returns=kind) for _ in range(3)] == [returned] * 3
    assert len(effect.keys) == 1


def test_without_a_type_nothing_is_returned_and_any_result_will_do() -> None:
    once, effect = fake(Once), Counted(object())
    for _ in range(2):
        once("mail", effect)
    assert len(effect.keys) == 1
    once, link = answering(Done())
    once("mail", effect)
    assert link.asked[1] == FinishEffect(link.lease("mail"), b"null")


def test_the_lease_is_a_minute_or_what_is_asked_for() -> None:
    for more, seconds in (({}, 60.0), ({"lease": timedelta(hours=12)}, 12 * 3600.0)):
        once, link = answering()
        once("mail", Counted(), **more)  # type: ignore[call-overload]
        assert link.asked[0] == ClaimEffect(link.lease("mail"), seconds)


def test_an_effect_that_raises_gives_the_lease_back_and_is_tried_again_with_its_key() -> None:
    once, effect = fake(Once), Counted()
    for error in (OSError("down"), SystemExit(1), KeyboardInterrupt()):
        effect.returned = error
        with pytest.raises(type(error)):
            once("charge", effect, returns=str)
    effect.returned = "pi_1"
    assert once("charge", effect, returns=str) == "pi_1"
    assert (len(effect.keys), len(set(effect.keys))) == (4, 1)


def test_what_the_effect_raised_says_more_than_a_lease_that_cannot_be_given_back() -> None:
    once, link = answering(Done(), Unavailable("no answer"))
    with pytest.raises(OSError, match="down"):
        once("charge", Counted(OSError("down")))
    assert [type(one) for one in link.asked] == [ClaimEffect, ReleaseEffect]


def test_another_name_is_another_effect_and_so_is_another_message() -> None:
    once, effect = fake(Once), Counted("x")
    for name in ("a", "b", "a"):
        once(name, effect, returns=str)
    fake(Once)("a", effect, returns=str)
    assert len(effect.keys) == len(set(effect.keys)) == 3


def test_an_effect_inside_itself_is_in_progress() -> None:
    once = fake(Once)
    with pytest.raises(EffectInProgress) as raised:
        once("charge", lambda _: once("charge", Counted()))
    assert timedelta(seconds=50) < raised.value.after <= timedelta(minutes=1)


def test_a_lease_that_was_lost_is_an_error() -> None:
    once, _ = answering(Done(), Done(applied=False))
    with pytest.raises(EffectInProgress, match="took longer than its lease") as raised:
        once("charge", Counted("x"), returns=str)
    assert raised.value.after == timedelta(0)


def test_a_claim_that_is_refused_is_the_error_of_its_code() -> None:
    effect = Counted()
    refusals: list[tuple[Refused, type[Exception]]] = [
        (Refused("effect.in-progress", "wait", after=5.0), EffectInProgress),
        (Refused("use.invalid", "no name"), InvalidUse),
    ]
    for refused, kind in refusals:
        once, _ = answering(refused)
        with pytest.raises(kind):
            once("charge", effect)
    assert effect.keys == []


@pytest.mark.parametrize("name", ["", "a/b", "x" * 65])
def test_a_name_that_is_none_is_refused_before_anything_happens(name: str) -> None:
    effect = Counted()
    with pytest.raises(InvalidUse, match="not the name of an effect"):
        fake(Once)(name, effect)
    assert effect.keys == []


@pytest.mark.parametrize(
    "lease", [timedelta(0), timedelta(seconds=-1), limits.VISIBILITY + timedelta(seconds=1)]
)
def test_a_lease_that_is_not_possible_is_refused_before_anything_happens(lease: timedelta) -> None:
    effect = Counted()
    with pytest.raises(LimitExceeded, match="A lease of"):
        fake(Once)("charge", effect, lease=lease)
    assert effect.keys == []


def test_a_type_that_json_cannot_become_is_refused_before_anything_happens() -> None:
    effect = Counted()
    with pytest.raises(InvalidUse, match="cannot be decoded from JSON"):
        fake(Once)("charge", effect, returns=list[int] | set[int])  # type: ignore[arg-type]
    assert effect.keys == []


def test_an_effect_inside_a_block_is_refused() -> None:
    once, effect = fake(Once), Counted()
    with atomic(), pytest.raises(InvalidUse, match="cannot be undone"):
        once("charge", effect)
    assert effect.keys == []


def test_an_async_effect_is_refused_and_has_not_happened() -> None:
    async def charge(key: str) -> str:
        return key

    class Later:
        def __await__(self) -> object:
            return iter(())

    once = fake(Once)
    for effect in (charge, lambda _: Later()):
        with pytest.raises(InvalidUse, match="is async and did not run"):
            once("charge", effect)
    assert once("charge", Counted("x"), returns=str) == "x"


def failing_twice(
    once: Once, effect: Callable[[str], object], kind: type[object]
) -> list[Exception]:
    """What two deliveries raise."""
    raised: list[Exception] = []
    for _ in range(2):
        with pytest.raises((LimitExceeded, InvalidValue, Unreadable)) as error:
            once("charge", effect, returns=kind)
        raised.append(error.value)
    return raised


def test_a_result_that_is_too_large_has_happened_and_does_not_happen_again() -> None:
    once, effect = fake(Once), Counted("x" * limits.EFFECT_RESULT_BYTES)
    first, second = failing_twice(once, effect, str)
    assert isinstance(first, LimitExceeded)
    assert isinstance(second, LimitExceeded)
    assert "has happened, and does not run again. A result of 65,538 bytes cannot be kept" in str(
        first
    )
    assert "has happened, and does not run again. Its result could not be kept" in str(second)
    assert len(effect.keys) == 1
    fits = Counted("x" * (limits.EFFECT_RESULT_BYTES - 2))
    assert fake(Once)("charge", fits, returns=str) == fits.returned


@pytest.mark.parametrize(
    "returned", [object(), "\ud800", {(1, 2): 3}], ids=["object", "surrogate", "key"]
)
def test_a_result_that_is_no_json_has_happened_and_does_not_happen_again(returned: object) -> None:
    once, effect = fake(Once), Counted(returned)
    first, second = failing_twice(once, effect, str)
    assert isinstance(first, InvalidValue)
    assert "has happened, and does not run again. Its result cannot be kept: " in str(first)
    assert isinstance(second, LimitExceeded)
    assert len(effect.keys) == 1


def test_a_result_of_another_type_is_an_error_at_once_and_is_not_kept() -> None:
    once, effect = fake(Once), Counted("pi_1")
    first, second = failing_twice(once, effect, int)
    assert isinstance(first, InvalidValue)
    assert "str does not fit int: /: Expected `int`, got `str`" in str(first)
    assert isinstance(second, LimitExceeded)
    assert len(effect.keys) == 1


def test_a_kept_result_that_another_version_of_the_handler_reads_must_fit() -> None:
    once, effect = fake(Once), Counted("pi_1")
    assert once("charge", effect, returns=str) == "pi_1"
    with pytest.raises(Unreadable, match="has happened, and does not run again"):
        once("charge", effect, returns=int)


def test_bounds_of_a_type_hold_for_what_is_kept() -> None:
    class Bounded(msgspec.Struct):
        number: Annotated[int, msgspec.Meta(le=5)]

    known, _ = answering(Happened(b'{"number":6}'))
    with pytest.raises(Unreadable):
        known("charge", Counted(), returns=Bounded)
