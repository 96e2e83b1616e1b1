"""The Effects adapter: one conditional update of one item in the inbox, whatever is done."""

from datetime import timedelta

import pytest

from oort.aws.services.effects import Effects
from oort.engine.clocks import VirtualClock
from oort.model.errors import CloudRefused, EffectInProgress, InvalidUse, LimitExceeded, Unavailable
from oort.model.limits import EFFECT_RESULT_BYTES, MARK_RETENTION
from oort.model.operations import Lease
from oort.rules.cloud.cloud_names import Location
from tests.unit.aws.answering import Answer, Script, ScriptedClients, refused

LEASE = Lease("shop.charge", "m/1", "charge", "me")
MINUTE = timedelta(minutes=1)
CLOCK = VirtualClock()


def effects(*answers: Answer) -> tuple[Effects, Script]:
    script = Script(*answers)
    location = Location("shop", "test", "aws", "eu-west-1", "1")
    return Effects(
        ScriptedClients(dynamodb=script), location=location, service="shop", clock=CLOCK
    ), script


def failed(**item: object) -> Exception:
    return refused("ConditionalCheckFailedException", Item=item)


def test_all_that_is_done_are_updates_of_the_effects_item() -> None:
    subject, script = effects({})
    assert subject.claim(LEASE, length=MINUTE) is None
    assert subject.finish(LEASE, b'"\xc3\xa6"') is True
    subject.release(LEASE)
    assert script.methods == ["update_item"] * 3
    requests = script.requests("update_item")
    for request in requests:
        assert request["TableName"] == "shop_test_shop__inbox"
        assert request["Key"] == {"id": {"S": "once/shop.charge/m/1/charge"}}
        assert request["ConditionExpression"]
    values = [list(request["ExpressionAttributeValues"].values()) for request in requests]
    expires = {"N": str(int((CLOCK.now() + MARK_RETENTION).timestamp()))}
    assert {"S": "me"} in values[0]
    assert expires in values[0]
    assert {"S": '"æ"'} in values[1]
    assert expires in values[1]
    assert {"N": "0"} in values[2]


def test_a_result_that_is_there_is_the_answer() -> None:
    subject, _ = effects(failed(holder={"S": "other"}, until={"N": "5"}, result={"S": '"æ"'}))
    assert subject.claim(LEASE, length=MINUTE) == b'"\xc3\xa6"'


@pytest.mark.parametrize(("left", "after"), [(30.5, 30.5), (-1.0, 0.0)])
def test_a_lease_of_another_says_when_it_ends(left: float, after: float) -> None:
    until = CLOCK.now().timestamp() + left
    subject, _ = effects(failed(holder={"S": "other"}, until={"N": str(until)}))
    with pytest.raises(EffectInProgress) as raised:
        subject.claim(LEASE, length=MINUTE)
    assert raised.value.after == timedelta(seconds=after)


def test_an_answer_that_does_not_show_the_item_is_a_lease_of_another() -> None:
    subject, _ = effects(refused("ConditionalCheckFailedException"))
    with pytest.raises(EffectInProgress):
        subject.claim(LEASE, length=MINUTE)


def test_whoever_lost_the_lease_is_told_so_and_releases_nothing() -> None:
    subject, _ = effects(failed(holder={"S": "other"}))
    assert subject.finish(LEASE, b"1") is False
    subject.release(LEASE)


def test_what_can_be_refused_asks_nobody() -> None:
    subject, script = effects({})
    with pytest.raises(InvalidUse):
        subject.claim(Lease("shop.charge", "m", "", "me"), length=MINUTE)
    with pytest.raises(LimitExceeded):
        subject.finish(LEASE, b"1" * (EFFECT_RESULT_BYTES + 1))
    assert script.calls == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ThrottlingException", Unavailable), ("AccessDeniedException", CloudRefused)],
)
def test_errors_of_the_cloud_are_ours(code: str, kind: type[Exception]) -> None:
    subject, _ = effects(refused(code))
    with pytest.raises(kind, match=r"noting the effect charge of shop\.charge"):
        subject.claim(LEASE, length=MINUTE)
