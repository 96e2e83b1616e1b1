"""Functions: their settings, the version that changes with them and with nothing else, and what they know of calls."""

from datetime import timedelta

from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Architecture, Stage
from oort.model.functions import Answer, Grant, Http
from oort.model.platform import ServiceModel
from oort.model.resources import Kind
from oort.rules.cloud.deployed import HANDLER, FunctionEnvironment
from tests.templates.reading import Found, environment, filled, of_type
from tests.unit.cloudformation.one_service import CODE, STAGE, properties, shop, template
from tests.unit.programs import function

PAGE = Http("GET", "/shop", 200, True, ())


def page(stage: Stage = STAGE, code: Code = CODE) -> Found:
    return template(shop(function("shop.show_all", PAGE)), stage=stage, code=code)


def version(document: Found) -> str:
    (found,) = of_type(document, "Lambda::Version")
    return found


def test_a_function_has_the_settings_of_its_stage() -> None:
    stage = Stage(
        "test", "eu-north-1", Architecture.X86_64, "python3.13", 512, 7, (("COLOUR", "blue"),)
    )
    document = page(stage)
    found = properties(document, "FunctionShowAll")
    assert found["FunctionName"] == "market_test_shop_show_all"
    assert (found["Runtime"], found["Architectures"], found["MemorySize"]) == (
        "python3.13",
        ["x86_64"],
        512,
    )
    assert (found["Handler"], found["Timeout"]) == (HANDLER, 20)
    assert found["Code"] == {
        "S3Bucket": {"Ref": "AssetsBucket"},
        "S3Key": f"market/shop/{'f' * 64}.zip",
    }
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": {"Ref": "LogShowAll"}}
    assert found["Environment"]["Variables"] == {
        **FunctionEnvironment(
            platform="market",
            stage="test",
            function="shop.show_all",
            packages=("shop.orders", "shop.more"),
            partition={"Ref": "AWS::Partition"},
            account={"Ref": "AWS::AccountId"},
        ).variables(),
        "COLOUR": "blue",
    }
    log = properties(document, "LogShowAll")
    assert (log["LogGroupName"], log["RetentionInDays"]) == (
        "/aws/lambda/market_test_shop_show_all",
        7,
    )


def test_other_code_and_other_settings_are_another_version() -> None:
    versions = {
        version(page()),
        version(page(code=Code("0" * 64, CODE.packages))),
        version(page(Stage("prod", memory=512))),
        version(page(Stage("prod", environment=(("COLOUR", "blue"),)))),
    }
    assert len(versions) == 4


def test_the_same_code_and_other_tags_are_the_same_version() -> None:
    """Lambda publishes no second version of the same settings; CloudFormation would report that as a failure."""
    assert version(page()) == version(page(Stage("prod", tags=(("team", "core"),), log_days=90)))


def test_what_is_live_is_an_alias_of_the_version() -> None:
    document = page()
    live = properties(document, "LiveShowAll")
    assert live["Name"] == "live"
    assert live["FunctionVersion"] == {"Fn::GetAtt": [version(document), "Version"]}


def test_the_description_shows_which_code_runs() -> None:
    long = function("shop.show_all", PAGE)
    described = type(long)(long.name, long.service, PAGE, (), long.timeout, "x" * 300, long.source)
    found = properties(template(shop(described)), "FunctionShowAll")["Description"]
    assert len(found) == 256
    assert found.endswith(" [ffffffffffff]")
    assert properties(page(), "FunctionShowAll")["Description"] == "shop.show_all [ffffffffffff]"


def test_a_caller_knows_who_answers() -> None:
    asks = function("shop.show_all", PAGE, Grant(Kind.CALL, "bank.pay", ("call",)))
    answers = function("bank.pay_out", Answer("bank.pay", timedelta(seconds=1)))
    bank = ServiceModel(name="bank", functions=(answers,))
    found = environment(properties(template(shop(asks), bank), "FunctionShowAll"))
    assert found.calls == {"bank.pay": "bank.pay_out"}


def test_a_function_that_is_called_needs_no_trigger_of_its_own() -> None:
    answers = function("shop.pay_out", Answer("shop.pay", timedelta(seconds=1)))
    document = template(shop(answers))
    assert of_type(document, "Lambda::Permission") == of_type(document, "ApiGateway::RestApi") == {}
    assert "Outputs" not in document


def test_a_service_without_functions_reads_nothing() -> None:
    assert "Parameters" not in template(shop())


def test_only_the_api_may_invoke_and_only_the_alias() -> None:
    document = template(shop(function("shop.one", Http("GET", "/shop/{id}/parts", 200, True, ()))))
    found = properties(document, "PermissionOne")
    assert (found["Principal"], found["FunctionName"]) == (
        "apigateway.amazonaws.com",
        {"Ref": "LiveOne"},
    )
    assert filled(found["SourceArn"]).endswith(":<Api>/prod/GET/shop/*/parts")
