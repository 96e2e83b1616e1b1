"""External effects: a durable note of what a delivery did outside the platform, and a lease for doing it."""

from datetime import timedelta
from typing import Protocol

from oort.model.operations import Lease


class Effects(Protocol):
    """One record for each effect: of a function, for a message, under a name. Its state is a lease or a result.

    - A lease ends by itself after its length; only then, or when it is released, another holder gets it. Of several that
      claim at the same time exactly one does. What a holder claims again is still its own.
    - A result stays: whoever claims afterwards gets it, and nobody the lease.
    - Whoever has lost the lease changes nothing any more. One that has ended, and that nobody has taken, is not lost.
    - What returns is durable. Records expire `limits.MARK_RETENTION` after they were last claimed or finished, by the
      clock of the platform; then it is as if there had been none.
    - A name is 1 to 64 letters, digits, dots, dashes, colons and underscores (InvalidUse).
    """

    def claim(self, lease: Lease, *, length: timedelta) -> bytes | None:
        """Take the lease for `length`: None; or the result, if there is one.

        Raises EffectInProgress, which says when the lease ends, if another holder has it.
        """

    def finish(self, lease: Lease, result: bytes) -> bool:
        """Keep the result, at most 64 KiB (LimitExceeded) of UTF-8. False, and nothing is kept, if the lease was lost."""

    def release(self, lease: Lease) -> None:
        """End the lease now, if it is this holder's and there is no result; otherwise do nothing."""
