"""Versions of a platform that are live at once, each with a share of every service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from oort.model.platform import PlatformModel

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
FIRST = "main"  # the version that `oort serve` loads itself
LARGEST_SHARE = 1_000


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """A version: its model, and its share of the invocations of each service.

    A share is a weight: 90 and 10 are the same as 9 and 1. Without a share nothing begins in the version.
    """

    name: str
    model: PlatformModel
    shares: Mapping[str, int]

    def share(self, service: str) -> int:
        """Return the share of a service; 0 if there is none."""
        return self.shares.get(service, 0)
