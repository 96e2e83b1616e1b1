"""Stages of `oort.toml`: every setting is read, and each wrong value is refused with what to do."""

import tomllib
from pathlib import Path

import pytest

from oort.app.loading import stages
from oort.model.delivery.stages import LOG_DAYS, MEMORY, RUNTIMES, Architecture, Stage
from oort.model.errors import InvalidProject
from oort.rules.cloud import deployed

FILE = Path("oort.toml")
EVERYTHING = """
[stages.test]
[stages.prod]
region = "eu-north-1"
architecture = "x86_64"
runtime = "python3.13"
memory = 1024
log_days = 90
environment = { SIZE = "3", COLOUR = "blue", AWS_ENDPOINT_URL = "http://127.0.0.1:4566" }
tags = { team = "core", cost = "7" }
"""


def read(text: str) -> tuple[Stage, ...]:
    return stages.read(tomllib.loads(text).get("stages", {}), FILE)


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(InvalidProject) as raised:
        read(text)
    return raised.value.what, raised.value.instead


def setting(line: str) -> tuple[str, str]:
    """How the stage `prod` with this line is refused."""
    what, instead = refusal(f"[stages.prod]\n{line}")
    assert what.startswith("oort.toml: [stages.prod]: ")
    return what.removeprefix("oort.toml: [stages.prod]: "), instead


def test_every_setting_is_read_and_stages_come_in_the_order_of_their_names() -> None:
    environment = (("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("COLOUR", "blue"), ("SIZE", "3"))
    tags = (("cost", "7"), ("team", "core"))
    prod = Stage(
        "prod", "eu-north-1", Architecture.X86_64, "python3.13", 1024, 90, environment, tags
    )
    assert read(EVERYTHING) == (prod, Stage("test"))


def test_without_stages_there_is_none() -> None:
    assert read("") == ()


def test_stages_must_be_tables() -> None:
    assert refusal("stages = 1") == (
        "oort.toml: stages must be a table.",
        'Write [stages.prod] and below it region = "eu-north-1".',
    )
    what, instead = refusal("stages.prod = 1")
    assert what == "oort.toml: [stages.prod]: Expected `object`, got `int`."
    assert instead.startswith(
        "The settings are: region, architecture, runtime, memory, log_days, environment, tags"
    )


@pytest.mark.parametrize("name", ["Prod", "a-b", "x" * 17])
def test_a_stage_has_a_name_that_aws_can_use(name: str) -> None:
    assert refusal(f"[stages.{name}]") == (
        f"oort.toml: [stages.{name}] is not a stage's name.",
        "Use lower-case letters and digits, at most 16.",
    )


@pytest.mark.parametrize("line", ["memroy = 1", "memory = '1'", "environment = { A = 1 }", "tags = ['a']", "architecture = 'mips'"])  # fmt: skip
def test_an_unknown_setting_or_a_value_of_another_type_is_refused(line: str) -> None:
    _, instead = setting(line)
    assert (
        instead
        == "The settings are: region, architecture, runtime, memory, log_days, environment, tags."
    )


@pytest.mark.parametrize(
    "region", ["", "europe", "eu-north", "EU-NORTH-1", "eu-north-1a", "eu_north_1"]
)
def test_a_region_must_look_like_one(region: str) -> None:
    assert setting(f'region = "{region}"') == (
        f"{region!r} is not an AWS region.",
        "Write, for example, eu-north-1.",
    )


@pytest.mark.parametrize("region", ["eu-north-1", "us-gov-west-1", "ap-southeast-4"])
def test_a_region_of_any_partition_is_taken(region: str) -> None:
    assert read(f'[stages.prod]\nregion = "{region}"')[0].region == region


def test_a_runtime_is_one_of_lambdas() -> None:
    assert setting('runtime = "python3.9"') == (
        "'python3.9' is not a Python runtime of Lambda.",
        f"Use one of {', '.join(RUNTIMES)}.",
    )


@pytest.mark.parametrize("memory", [0, MEMORY[0] - 1, MEMORY[-1] + 1, -1])
def test_memory_is_within_what_lambda_has(memory: int) -> None:
    assert setting(f"memory = {memory}") == (
        f"memory {memory} is not possible.",
        "Lambda has 128 to 10240 MiB.",
    )


@pytest.mark.parametrize("memory", [MEMORY[0], MEMORY[-1]])
def test_the_least_and_the_most_memory_are_taken(memory: int) -> None:
    assert read(f"[stages.prod]\nmemory = {memory}")[0].memory == memory


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "x"),
        ("k" * 129, "x"),
        ("k", "x" * 257),
        ("aws:k", "x"),
        ("AWS:k", "x"),
        ("k?", "x"),
        ("k", "x,y"),
    ],
)
def test_a_tag_is_one_that_aws_takes(key: str, value: str) -> None:
    what, instead = setting(f'tags = {{ "{key}" = "{value}" }}')
    assert what == f"the tag {key!r} cannot be set."
    assert "128" in instead


def test_a_resource_has_room_for_a_number_of_tags() -> None:
    tags = [f'"cost centre:{number}/é@x" = ""' for number in range(48)]
    assert setting(f"tags = {{ {', '.join(tags)} }}")[0] == "48 tags are too many."
    assert len(read(f"[stages.prod]\ntags = {{ {', '.join(tags[1:])} }}")[0].tags) == 47


@pytest.mark.parametrize("days", [0, 2, 31, 10_000])
def test_logs_are_kept_for_a_time_that_cloudwatch_knows(days: int) -> None:
    what, instead = setting(f"log_days = {days}")
    assert what == f"log_days {days} is not possible."
    assert instead == f"CloudWatch has {', '.join(map(str, LOG_DAYS))}."


@pytest.mark.parametrize(
    "name", ["AWS_REGION", "LAMBDA_TASK_ROOT", f"{deployed.PREFIX}STAGE", "1A", "A", "A-B", "_A"]
)
def test_a_variable_may_not_be_one_of_others_and_must_be_one_for_lambda(name: str) -> None:
    assert setting(f'environment = {{ "{name}" = "x" }}') == (
        f"the variable {name!r} cannot be set.",
        "Use letters, digits and _; AWS_, LAMBDA_, OORT_ belong to others.",
    )
