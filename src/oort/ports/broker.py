"""The only way from a handle to the platform."""

from typing import Protocol

from oort.model.operations import Request, Result


class Broker(Protocol):
    """Carries out one operation for one invocation.

    - The request's token names the invocation; the grants of its function decide.
    - An operation without a grant is Refused with `permission.denied` and has no effect.
    - After any result other than Refused the operation is durable, and visible to every later
      `get`.
    - The call blocks. Requests and results are serialisable, so that the broker may run in another
      process.
    """

    def perform(self, request: Request) -> Result:
        """Perform the operation.

        Refusals are results, never exceptions; an exception is a failed target.
        """
