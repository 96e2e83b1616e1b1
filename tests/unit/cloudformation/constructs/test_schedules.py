"""Schedules: what they send, when, and that a run which is sent again is the same message."""

from datetime import timedelta

from oort.cloudformation.constructs.schedules import payload
from oort.model.functions import Timer
from oort.rules.messaging import envelopes
from tests.templates.reading import Found, of_type
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import function, queue


def timed(interval: timedelta | None, cron: str | None, zone: str = "Europe/Oslo") -> Found:
    tidy = function("shop.tidy", Timer(interval, cron, zone, "shop.tidy"))
    return template(shop(tidy, queues=(queue("shop.tidy"),)))


def test_a_schedule_sends_to_the_queue_of_its_function() -> None:
    document = timed(None, "30 2 * * *")
    found = properties(document, "ScheduleTidy")
    assert found["Name"] == "market_prod_shop_tidy"
    assert found["ScheduleExpression"] == "cron(30 2 * * ? *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Oslo"
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["Target"]["Arn"] == {"Fn::GetAtt": ["QueueTidy", "Arn"]}
    assert found["Target"]["RoleArn"] == {"Fn::GetAtt": ["SchedulerRole", "Arn"]}
    assert found["Target"]["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86400,
        "MaximumRetryAttempts": 185,
    }


def test_an_interval_is_a_rate() -> None:
    assert (
        properties(timed(timedelta(minutes=5), None), "ScheduleTidy")["ScheduleExpression"]
        == "rate(5 minutes)"
    )


def test_where_either_day_fits_there_are_two_schedules() -> None:
    found = of_type(timed(None, "0 6 13 * fri"), "Scheduler::Schedule").values()
    assert {one["ScheduleExpression"] for one in found} == {
        "cron(0 6 13 * ? *)",
        "cron(0 6 ? * FRI *)",
    }
    assert len({one["Name"] for one in found}) == 2
    assert len({one["Target"]["Input"] for one in found}) == 1  # one message, if both fit


def test_the_message_is_one_that_a_consumer_reads() -> None:
    sent = payload("shop.tidy", "shop.tidy-up").replace(
        "<aws.scheduler.scheduled-time>", "2026-11-25T06:00:00Z"
    )
    message = envelopes.unwrapped(sent)
    assert (message.id, message.name, message.body) == (
        "shop.tidy@2026-11-25T06:00:00Z",
        "shop.tidy-up",
        b"null",
    )
    assert message.sent == 1_795_586_400


def test_the_role_of_schedules_serves_this_account_alone() -> None:
    (trust,) = properties(timed(None, "30 2 * * *"), "SchedulerRole")["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_without_schedules_there_is_no_role_for_them() -> None:
    assert "SchedulerRole" not in template(shop())["Resources"]
