"""Reads of Secrets Manager are kept for a minute; what it says of missing values is one error."""

from datetime import UTC, datetime, timedelta

import pytest

from oort.aws.services.secrets import Secrets
from oort.engine.clocks import VirtualClock
from oort.model.errors import CloudRefused, Source
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import SecretModel
from oort.model.secrets import AGE, SecretMissing, SecretState
from oort.rules.cloud.cloud_names import Location
from tests.unit.aws.scripted import Scripted, clients, refused

NAME = "billing.key"
SECRET = SecretModel(name=NAME, service="billing", type="str", source=Source("here.py", 1))
PLATFORM = PlatformModel("shop", (ServiceModel(name="billing", resources=(SECRET,)),))
PLACE = Location("shop", "prod", "aws", "eu-north-1", "1")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def secrets(**answers: list[object]) -> tuple[Secrets, Scripted, VirtualClock]:
    made, client = clients(**answers)
    clock = VirtualClock()
    return Secrets(made, platform=PLATFORM, location=PLACE, clock=clock), client, clock


def test_a_value_is_asked_for_once_a_minute() -> None:
    first, second = {"SecretString": "first"}, {"SecretString": "second"}
    port, client, clock = secrets(get_secret_value=[first, second])
    assert port.read(NAME) == "first"
    clock.advance(AGE - timedelta(seconds=1))
    assert port.read(NAME) == "first"
    assert client.asked == [("get_secret_value", {"SecretId": "shop/prod/billing/key"})]
    clock.advance(timedelta(seconds=1))
    assert port.read(NAME) == "second"
    assert timedelta(seconds=60) == AGE


@pytest.mark.parametrize("answer", [refused("ResourceNotFoundException"), {"SecretBinary": b"1"}])
def test_a_secret_without_text_is_missing_and_is_asked_for_again(answer: object) -> None:
    port, _, _ = secrets(get_secret_value=[answer, {"SecretString": "set"}])
    with pytest.raises(SecretMissing, match=r"oort secrets set billing\.key --stage prod"):
        port.read(NAME)
    assert port.read(NAME) == "set"


def test_another_error_does_not_hold_the_value() -> None:
    port, _, _ = secrets(put_secret_value=[refused("AccessDeniedException")])
    with pytest.raises(CloudRefused, match=r"setting the secret billing\.key") as raised:
        port.write(NAME, "canary")
    assert "canary" not in str(raised.value)


def test_states_come_from_the_current_version() -> None:
    current = {"VersionIdsToStages": {"v": ["AWSCURRENT"]}, "CreatedDate": MOMENT}
    later = {**current, "LastChangedDate": MOMENT + AGE}
    answers = [current, later, {"VersionIdsToStages": {}}, {}, refused("ResourceNotFoundException")]
    port, _, _ = secrets(describe_secret=list(answers))
    changed = [port.states() for _ in answers]
    assert changed == [
        (SecretState(NAME, moment),) for moment in (MOMENT, MOMENT + AGE, None, None, None)
    ]
