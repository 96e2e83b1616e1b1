"""What the constructs of one service's template have in common: the service, its platform, where it goes and its code."""

import math
from dataclasses import dataclass
from datetime import timedelta

from oort.model.delivery.stages import Stage
from oort.model.platform import PlatformModel, ServiceModel
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class Code:
    """The deployment package of a service: what it is made of, and the Python packages that the function imports.

    The same fingerprint must mean the same bytes, and other bytes another one: a version is published when it changes.
    """

    fingerprint: str
    packages: tuple[str, ...]

    def key(self, platform: str, service: str) -> str:
        """Where it lies in the assets bucket."""
        return f"{platform}/{service}/{self.fingerprint}.zip"


@dataclass(frozen=True, slots=True)
class Scope:
    """One service on one stage."""

    service: ServiceModel
    platform: PlatformModel
    location: Location
    stage: Stage
    code: Code


def whole_seconds(length: timedelta) -> int:
    """The length in seconds, rounded up: AWS counts no parts of them."""
    return math.ceil(length.total_seconds())
