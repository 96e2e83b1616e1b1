"""The Effects port on the store: a row for each effect.

The commit that changes the row also compares its holder.
"""

from datetime import timedelta

from oort.engine.rows.times import unix
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model import limits
from oort.model.operations import Lease
from oort.rules.messaging import effects as rules


class Effects:
    """Effects on a store. Leases and results end by the steady time."""

    def __init__(self, store: Store, *, steady: SteadyTime) -> None:
        self._store = store
        self._steady = steady

    def claim(self, lease: Lease, *, length: timedelta) -> bytes | None:
        """See `ports.effects`. The same commit removes a few expired records."""
        rules.check(lease)
        now = self._steady.now()
        moment, until, expires = (
            unix(now),
            unix(now, after=length),
            unix(now, after=limits.MARK_RETENTION),
        )

        def work(session: Session) -> bytes | None:
            session.run(_PRUNE, moment)
            row = session.row(_FIND, *_address(lease), moment)
            if row is not None:
                holder, ends, result = row
                if result is not None:
                    return bytes(result)
                if ends > moment and holder != lease.holder:
                    raise rules.in_progress(lease, after=timedelta(seconds=ends - moment))
            session.run(_TAKE, *_address(lease), lease.holder, until, expires)
            return None

        return self._store.write(work)

    def finish(self, lease: Lease, result: bytes) -> bool:
        """See `ports.effects`."""
        rules.check_result(result)
        expires = unix(self._steady.now(), after=limits.MARK_RETENTION)
        return self._store.write(
            lambda session: (
                session.run(_FINISH, result, expires, *_address(lease), lease.holder) == 1
            )
        )

    def release(self, lease: Lease) -> None:
        """See `ports.effects`."""
        self._store.write(lambda session: session.run(_RELEASE, *_address(lease), lease.holder))

    def release_all(self) -> int:
        """End every lease at once and return their number. For start-up, when no consumer runs."""
        now = unix(self._steady.now())
        return self._store.write(lambda session: session.run(_RELEASE_ALL, now, now))


def _address(lease: Lease) -> tuple[str, str, str]:
    return lease.function, lease.message, lease.name


_HERE = "function = ? AND message = ? AND name = ?"
# The inserted text is a constant.
_FIND = f"SELECT holder, until, result FROM effects WHERE {_HERE} AND expires > ?"  # noqa: S608
_TAKE = """INSERT OR REPLACE INTO effects(function, message, name, holder, until, expires)
VALUES(?, ?, ?, ?, ?, ?)"""
_FINISH = f"UPDATE effects SET result = ?, expires = ? WHERE {_HERE} AND holder = ?"  # noqa: S608
_RELEASE = f"""UPDATE effects SET until = 0
WHERE {_HERE} AND holder = ? AND result IS NULL"""  # noqa: S608
_RELEASE_ALL = "UPDATE effects SET until = ? WHERE result IS NULL AND until > ?"
# Two for each claim: the number of expired records falls, and no commit takes long.
_PRUNE = """DELETE FROM effects WHERE seq IN
(SELECT seq FROM effects WHERE expires <= ? ORDER BY expires LIMIT 2)"""
