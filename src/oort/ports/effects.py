"""External effects: durable records of work outside of the platform, and leases for this work."""

from datetime import timedelta
from typing import Protocol

from oort.model.operations import Lease


class Effects(Protocol):
    """One record for each effect: of a function, for a message, under a name.

    A record is a lease or a result.

    - A lease ends by itself after its length. Only then, or after its release, another holder gets
      the lease. Of several simultaneous claims exactly one succeeds. A holder whose lease no other
      holder has taken can claim it again.
    - A result stays: every later claim returns the result, and no claim gets the lease.
    - A holder that has lost the lease to another holder can no longer change the record. An ended
      lease that no other holder has claimed is not lost.
    - All changes are durable at return. Records expire `limits.MARK_RETENTION` after their last
      claim or finish, by the clock of the platform. Afterwards the record counts as absent.
    - A name is 1 to 64 letters, digits, dots, dashes, colons and underscores (InvalidUse).
    """

    def claim(self, lease: Lease, *, length: timedelta) -> bytes | None:
        """Take the lease for `length` and return None; or return the existing result.

        Raises EffectInProgress, with the end of the lease, if another holder has the lease.
        """

    def finish(self, lease: Lease, result: bytes) -> bool:
        """Store the result, at most 64 KiB (LimitExceeded) of UTF-8.

        False if the lease was lost; then no result is stored.
        """

    def release(self, lease: Lease) -> None:
        """End the lease now, if this holder has it and there is no result.

        Otherwise do nothing.
        """
