"""The test kit: a platform in memory with a virtual clock, and fakes for direct handler calls."""

from oort.testing.fakes import fake, published, sent, stored
from oort.testing.platform import Platform
from oort.testing.responses import Response

__all__ = ["Platform", "Response", "fake", "published", "sent", "stored"]
