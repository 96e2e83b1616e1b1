"""Read the stages of `oort.toml`: `[stages.prod]` with its settings.

The settings are region, architecture, runtime, memory, log_days, environment and tags.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec

from oort.model import names
from oort.model.delivery.stages import LOG_DAYS, MEMORY, RUNTIMES, Architecture, Stage
from oort.model.errors import InvalidProject
from oort.rules.cloud import deployed

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_TAKEN = ("AWS_", "LAMBDA_", deployed.PREFIX)
_ENDPOINTS = "AWS_ENDPOINT_URL"  # the only AWS variable that users may set: emulators need it
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_TAG = re.compile(r"[\w .:/=+\-@]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+\-@]{0,256}")
_TAGS = 47
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    region: str = "us-east-1"
    architecture: Architecture = Architecture.ARM64
    runtime: str = "python3.14"
    memory: int = 256
    log_days: int = 30
    environment: dict[str, str] = {}
    tags: dict[str, str] = {}


def may_be_named(platform: str) -> bool:
    """Return True for a name that resources of AWS can have.

    Parameter Store refuses names that begin with aws or ssm.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
    """
    return bool(names.PLATFORM.fullmatch(platform)) and not platform.startswith(("aws", "ssm"))


def read(document: object, file: Path) -> tuple[Stage, ...]:
    """Return the stages. Raises InvalidProject, with the setting, for an invalid value."""
    if not isinstance(document, dict):
        raise InvalidProject(
            f"{file}: stages must be a table.",
            'Write [stages.prod] and below it region = "eu-north-1".',
        )
    return tuple(
        _stage(name, settings, file)
        for name, settings in sorted(cast(dict[str, object], document).items())
    )


def _stage(name: str, settings: object, file: Path) -> Stage:
    where = f"{file}: [stages.{name}]"
    if not names.STAGE.fullmatch(name):
        raise InvalidProject(
            f"{where} is not a stage's name.", "Use lower-case letters and digits, at most 16."
        )
    try:
        converted = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as error:
        settings_known = ", ".join(field.name for field in msgspec.structs.fields(_Settings))
        raise InvalidProject(
            f"{where}: {error}.", f"The settings are: {settings_known}."
        ) from error
    for is_wrong, what, instead in _checks(converted):
        if is_wrong:
            raise InvalidProject(f"{where}: {what}.", instead)
    for variable in converted.environment:
        if not _VARIABLE.fullmatch(variable) or (
            variable.startswith(_TAKEN) and variable != _ENDPOINTS
        ):
            instead = f"Use letters, digits and _; {', '.join(_TAKEN)} belong to others."
            raise InvalidProject(f"{where}: the variable {variable!r} cannot be set.", instead)
    settled = (
        tuple(sorted(mapping.items())) for mapping in (converted.environment, converted.tags)
    )
    environment, tags = settled
    return Stage(
        name,
        converted.region,
        converted.architecture,
        converted.runtime,
        converted.memory,
        converted.log_days,
        environment,
        tags,
    )


def _checks(settings: _Settings) -> Iterator[tuple[bool, str, str]]:
    """Yield for each setting: whether it is wrong, the mistake, and the fix."""
    yield (
        not _REGION.fullmatch(settings.region),
        f"{settings.region!r} is not an AWS region",
        "Write, for example, eu-north-1.",
    )
    yield (
        settings.runtime not in RUNTIMES,
        f"{settings.runtime!r} is not a Python runtime of Lambda",
        f"Use one of {', '.join(RUNTIMES)}.",
    )
    yield (
        settings.memory not in MEMORY,
        f"memory {settings.memory} is not possible",
        "Lambda has 128 to 10240 MiB.",
    )
    yield (
        settings.log_days not in LOG_DAYS,
        f"log_days {settings.log_days} is not possible",
        f"CloudWatch has {', '.join(map(str, LOG_DAYS))}.",
    )
    odd = [
        key
        for key, value in settings.tags.items()
        if not (_TAG.fullmatch(key) and _TAG_VALUE.fullmatch(value))
        or key.lower().startswith("aws:")
    ]
    yield (
        bool(odd),
        f"the tag {odd[0] if odd else ''!r} cannot be set",
        "A key has 1 to 128 and a value at most 256 letters, digits, spaces and _.:/=+-@; aws: belongs to AWS.",
    )
    yield (
        len(settings.tags) > _TAGS,
        f"{len(settings.tags)} tags are too many",
        f"AWS allows 50 on a resource, and Oort sets 3: set at most {_TAGS}.",
    )
