"""Stages: the settings of a deployment in `oort.toml`, rather than in code."""

from dataclasses import dataclass
from enum import StrEnum


class Architecture(StrEnum):
    """The processor architectures of Lambda."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of the platform. `memory` is in MiB; `log_days` is the retention of logs.

    `environment` is visible to everybody with read access to a function: put no secrets there.
    """

    name: str
    region: str = "us-east-1"
    architecture: Architecture = Architecture.ARM64
    runtime: str = "python3.14"
    memory: int = 256
    log_days: int = 30
    environment: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
RUNTIMES = ("python3.12", "python3.13", "python3.14")
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY = range(128, 10_241)
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
