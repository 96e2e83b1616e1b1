"""The one way from a handle to the platform."""

from typing import Protocol

from oort.model.operations import Request, Result


class Broker(Protocol):
    """Carries out one operation for one invocation.

    The request's token says which invocation asks; its function's grants decide. An operation that is not granted is
    Refused with `permission.denied` and has no effect. A result other than Refused means: durable, and visible to
    every later `get`. The call blocks. Requests and results are serialisable, so the broker may live in another process.
    """

    def perform(self, request: Request) -> Result:
        """Carry it out; refusals are results, never exceptions. Exceptions mean that the target failed."""
