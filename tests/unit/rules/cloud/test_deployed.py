"""The agreement between templates and functions. The names stand here once more: a change of one is a decision.

What is deployed keeps the old names until it is deployed again, and rows in an outbox keep theirs.
"""

import importlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from oort.model.errors import InvalidUse
from oort.rules.cloud import cloud_names, deployed
from oort.rules.cloud.deployed import FunctionEnvironment, InboxTable, Metrics, OutboxTable, Outputs
from oort.rules.contracts import locks

ENVIRONMENT = FunctionEnvironment(
    platform="market",
    stage="prod",
    function="shop.show_all",
    packages=("market.shop", "market.more"),
    partition="aws",
    account="123456789012",
    calls={"bank.pay": "bank.pay_out", "bank.ask": "bank.show"},
)


def constants(kind: type) -> Mapping[str, object]:
    return {name: value for name, value in vars(kind).items() if name.isupper()}


def test_the_variables_of_a_function_have_these_names() -> None:
    assert ENVIRONMENT.variables() == {
        "OORT_PLATFORM": "market",
        "OORT_STAGE": "prod",
        "OORT_FUNCTION": "shop.show_all",
        "OORT_PACKAGES": "market.shop,market.more",
        "OORT_PARTITION": "aws",
        "OORT_ACCOUNT": "123456789012",
        "OORT_CALLS": "bank.pay=bank.pay_out,bank.ask=bank.show",
    }
    assert all(name.startswith(deployed.PREFIX) for name in ENVIRONMENT.variables())


@pytest.mark.parametrize("calls", [{}, {"bank.pay": "bank.pay_out"}, ENVIRONMENT.calls])
def test_a_function_reads_what_was_written(calls: Mapping[str, str]) -> None:
    written = replace(ENVIRONMENT, calls=calls)
    assert FunctionEnvironment.read(written.variables()) == written


def test_a_function_that_calls_nobody_has_no_variable_for_it() -> None:
    assert "OORT_CALLS" not in replace(ENVIRONMENT, calls={}).variables()


def test_a_template_may_hold_what_cloudformation_fills_in() -> None:
    partition, account = {"Ref": "AWS::Partition"}, {"Ref": "AWS::AccountId"}
    written = FunctionEnvironment(
        platform="market",
        stage="prod",
        function="shop.show_all",
        packages=("market.shop",),
        partition=partition,
        account=account,
    )
    variables = written.variables()
    assert [variables["OORT_PARTITION"], variables["OORT_ACCOUNT"]] == [partition, account]


@pytest.mark.parametrize("missing", replace(ENVIRONMENT, calls={}).variables())
@pytest.mark.parametrize("empty", [True, False])
def test_a_variable_that_is_missing_or_empty_is_named(missing: str, *, empty: bool) -> None:
    variables = ENVIRONMENT.variables()
    if empty:
        variables[missing] = ""
    else:
        del variables[missing]
    with pytest.raises(InvalidUse) as raised:
        FunctionEnvironment.read(variables)
    assert raised.value.what == f"The environment variable {missing} is missing."
    assert raised.value.instead == "Deploy the function with `oort deploy`."


def test_the_handler_is_a_function_that_exists() -> None:
    assert deployed.HANDLER == "oort.aws.entry.handle"
    module, _, name = deployed.HANDLER.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_metrics_have_these_names() -> None:
    assert constants(Metrics) == {
        "NAMESPACE": "Oort",
        "NEWLY_PARKED": "NewlyParked",
        "ERRORS": "Errors",
        "DURATION": "Duration",
        "DIMENSIONS": ("platform", "stage", "service"),
    }
    dimensions = Metrics.dimensions(platform="market", stage="prod", service="shop")
    assert list(dimensions.items()) == [
        ("platform", "market"),
        ("stage", "prod"),
        ("service", "shop"),
    ]


def test_the_outbox_has_these_attributes() -> None:
    assert constants(OutboxTable) == {
        "ROW": "row",
        "ID": "id",
        "MESSAGE": "message",
        "SENT": "sent",
        "DELAY": "delay",
        "KEY": ("row", "id"),
        "SEND": "send",
        "PUBLISH": "publish",
        "STREAM_VIEW": "NEW_IMAGE",
        "IMAGE": "NewImage",
    }
    assert cloud_names.outbox_row(OutboxTable.SEND, "shop.parcels", "7") == "send/shop.parcels/7"


def test_the_inbox_has_these_attributes() -> None:
    assert constants(InboxTable) == {
        "ID": "id",
        "KEY": ("id",),
        "EXPIRES": "expires",
        "HOLDER": "holder",
        "UNTIL": "until",
        "RESULT": "result",
    }
    assert cloud_names.mark_row("shop.pack", "7") == "shop.pack/7"
    assert cloud_names.effect_row("shop.pack", "7", "pay") == "once/shop.pack/7/pay"


def test_stacks_have_these_outputs() -> None:
    assert constants(Outputs) == {
        "BUCKET": "Bucket",
        "USER_POOL_ID": "UserPoolId",
        "CLIENT_ID": "ClientId",
        "API_URL": "ApiUrl",
    }


def test_lock_files_have_these_places() -> None:
    assert locks.event_file("shop.sold", 2) == "contracts/shop.sold/2.json"
    assert locks.api_file("shop") == "contracts/shop/openapi.json"
