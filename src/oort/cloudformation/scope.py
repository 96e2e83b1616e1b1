"""Input that all constructs of a service's template share: the service, its platform, its location
on AWS and its code.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from oort.model.delivery.stages import Stage
from oort.model.platform import PlatformModel, ServiceModel
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class Code:
    """The deployment package of a service: its fingerprint, and the Python packages that the
    function imports.

    Equal fingerprints must mean equal bytes. A change of the fingerprint publishes a new version.
    """

    fingerprint: str
    packages: tuple[str, ...]

    def key(self, platform: str, service: str) -> str:
        """Return the key of the package in the assets bucket."""
        return f"{platform}/{service}/{self.fingerprint}.zip"


@dataclass(frozen=True, slots=True)
class Scope:
    """A service on a stage."""

    service: ServiceModel
    platform: PlatformModel
    location: Location
    stage: Stage
    code: Code


def whole_seconds(length: timedelta) -> int:
    """Return the length in seconds, rounded up: AWS takes whole seconds only."""
    return math.ceil(length.total_seconds())
