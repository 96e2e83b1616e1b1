"""The test kit: a whole platform in memory and in virtual time, and fakes for calling handlers directly."""

from oort.testing.fakes import fake, published, sent, stored
from oort.testing.platform import Platform
from oort.testing.responses import Response

__all__ = ["Platform", "Response", "fake", "published", "sent", "stored"]
