"""Messages inside a session: add, lease, settle and bury.

Queues, events and the relay share these functions.
"""

from collections.abc import Iterable

import msgspec

from oort.engine.store.session import Session
from oort.model import limits
from oort.model.messages import Delivery, Fault, Message
from oort.model.platform import PlatformModel
from oort.model.resources import QueueModel
from oort.rules.messaging import retries

LEASE_ENDED = "the visibility time-out ended before the last attempt finished"
PLATFORM_ENDED = "the platform ended each time while the message was delivered"
KEPT_TOO_LONG = f"the message was not processed within {limits.RETENTION.days} days"

_decoder = msgspec.msgpack.Decoder(Message)


def packed(message: Message) -> bytes:
    """Return the message as stored bytes."""
    return msgspec.msgpack.encode(message)


def unpacked(payload: bytes) -> Message:
    """Return the message of bytes from `packed`."""
    return _decoder.decode(payload)


def add(session: Session, queue: str, payload: bytes, *, sent: float, visible: float) -> None:
    """Put a message on a queue."""
    session.run(
        "INSERT INTO messages(queue, sent, visible, attempts, leased, payload) "
        "VALUES(?, ?, ?, 0, 0, ?)",
        queue, sent, visible, payload,
    )  # fmt: skip
    session.wake()


def fan_out(
    session: Session, platform: PlatformModel, event: str, payload: bytes, *, now: float
) -> None:
    """Give each subscriber of the event a copy, and add the event to the history.

    Beyond `limits.HISTORY_EVENTS`, the history drops its oldest event.
    """
    session.run(
        "INSERT INTO history(event, published, payload) VALUES(?, ?, ?)", event, now, payload
    )
    session.run(
        "DELETE FROM history WHERE seq <= (SELECT max(seq) FROM history) - ?", limits.HISTORY_EVENTS
    )
    for queue in platform.subscribers(event):
        add(session, queue.name, payload, sent=now, visible=now)


def lease(
    session: Session, queue: QueueModel, *, most: int, now: float, until: float, oldest: float
) -> list[Delivery]:
    """Lease visible messages until the given time.

    A message without attempts left, or sent before `oldest`, becomes a dead letter. A message
    during which the platform has ended twice is leased alone: if it ends the platform again, it
    takes no others along.
    """
    leased: list[Delivery] = []
    while len(leased) < most:
        rows = session.rows(_NEXT, queue.name, now, most - len(leased))
        if not rows:
            break
        for seq, attempts, interrupted, ended, sent, was_leased, payload in rows:
            if reason := _why_dead(queue, attempts, ended, sent, was_leased, oldest=oldest):
                bury(session, seq, error=reason, now=now)
                continue
            suspect = ended >= limits.SUSPECT
            if suspect and leased:
                return leased
            attempt = attempts + 1
            session.run(
                "UPDATE messages SET visible = ?, attempts = ?, leased = 1 WHERE seq = ?",
                until,
                attempt,
                seq,
            )
            # Each hand-over has a receipt of its own, also if its attempt does not count.
            receipt = f"{seq}-{attempt + interrupted}"
            leased.append(Delivery(message=unpacked(payload), receipt=receipt, attempt=attempt))
            if suspect:
                return leased
    return leased


_NEXT = """SELECT seq, attempts, interrupted, ended, sent, leased, payload FROM messages
WHERE queue = ? AND visible <= ? ORDER BY visible, seq LIMIT ?"""
_ACKNOWLEDGE = """DELETE FROM messages
WHERE seq = ? AND queue = ? AND attempts + interrupted = ? AND leased = 1 AND visible > ?"""
_GIVE_BACK = """UPDATE messages
SET leased = 0, visible = ?, attempts = attempts - 1, interrupted = interrupted + 1
WHERE seq = ? AND queue = ? AND attempts + interrupted = ? AND leased = 1 AND visible > ?"""
_ATTEMPTS = """SELECT attempts FROM messages
WHERE seq = ? AND queue = ? AND attempts + interrupted = ? AND leased = 1 AND visible > ?"""


def _why_dead(
    queue: QueueModel, attempts: int, ended: int, sent: float, was_leased: int, *, oldest: float
) -> str:
    """Reason for which a message must not be delivered again; empty if it may."""
    if retries.exhausted(attempts, attempts=queue.attempts):
        if ended > limits.INTERRUPTIONS:
            return PLATFORM_ENDED
        # Not leased: it failed when the program still allowed more attempts.
        return (
            LEASE_ENDED
            if was_leased
            else f"{attempts} attempts were made, and the queue now allows {queue.attempts}"
        )
    return KEPT_TOO_LONG if sent < oldest else ""


def acknowledge(session: Session, queue: str, receipts: Iterable[str], *, now: float) -> None:
    """Delete the messages whose receipts are valid."""
    for receipt in receipts:
        seq, handover = _parts(receipt)
        session.run(_ACKNOWLEDGE, seq, queue, handover, now)


def give_back(
    session: Session,
    queue: str,
    receipts: Iterable[str],
    *,
    now: float,
    visible: float | None = None,
) -> None:
    """Put messages back on the queue, visible now or later. The attempt does not count.

    Their delivery did not begin, or has waited for another delivery.
    """
    for receipt in receipts:
        seq, handover = _parts(receipt)
        later = now if visible is None else visible
        session.run(_GIVE_BACK, later, seq, queue, handover, now)
        session.wake()


def fail(
    session: Session, queue: QueueModel, receipt: str, *, error: str, now: float, visible: float
) -> None:
    """End a failed delivery: back on the queue at `visible`, or a dead letter
    after the last attempt.
    """
    seq, handover = _parts(receipt)
    row = session.row(_ATTEMPTS, seq, queue.name, handover, now)
    if row is None:
        return
    if retries.exhausted(row[0], attempts=queue.attempts):
        bury(session, seq, error=error, now=now)
        return
    session.run(
        "UPDATE messages SET leased = 0, ended = 0, visible = ? WHERE seq = ?", visible, seq
    )
    session.wake()


def park(session: Session, queue: str, receipt: str, fault: Fault, *, now: float) -> bool:
    """End a delivery that its consumer cannot read. False if its receipt is stale."""
    seq, handover = _parts(receipt)
    row = session.row(_ATTEMPTS, seq, queue, handover, now)
    if row is None:
        return False
    session.run(
        "INSERT INTO parked(queue, reason, detail, parked, payload) "
        "SELECT queue, ?, ?, ?, payload FROM messages WHERE seq = ?",
        fault.reason.value, fault.detail, now, seq,
    )  # fmt: skip
    session.run("DELETE FROM messages WHERE seq = ?", seq)
    return True


def bury(session: Session, seq: int, *, error: str, now: float) -> None:
    """Make a message of a queue a dead letter."""
    session.run(
        "INSERT INTO dead(queue, attempts, died, error, payload) "
        "SELECT queue, attempts, ?, ?, payload FROM messages WHERE seq = ?",
        now, error, seq,
    )  # fmt: skip
    session.run("DELETE FROM messages WHERE seq = ?", seq)


def shift(session: Session, *, after: float, sent: float, by: float) -> int:
    """Move the times at which messages become visible, if these are later than `after`.

    Messages that were sent at `sent` or later stay as they are. Delays in the outbox move, too.
    """
    session.run(_SHIFT_OUTBOX, by, after)
    return session.run(_SHIFT, by, after, sent)


def shorten(session: Session, *, longest: float, now: float) -> int:
    """Make messages visible now that would become visible only after `longest`."""
    return session.run(_SHORTEN, now, longest, float("inf"))


# From queue to queue through the index: the messages that wait for nothing are not read.
_LATER = """(
WITH RECURSIVE each(name) AS (
    SELECT min(queue) FROM messages
    UNION ALL SELECT (SELECT min(queue) FROM messages WHERE queue > name)
    FROM each WHERE name IS NOT NULL)
SELECT seq FROM each CROSS JOIN messages ON queue = name AND visible > ?2 AND sent < ?3)"""
# The inserted text is a constant.
# A message that was sent while the clock was ahead was not sent in the future.
_SHIFT = f"""UPDATE messages SET visible = visible + ?1, sent = sent + ?1 * (sent > ?2)
WHERE seq IN {_LATER}"""  # noqa: S608
_SHIFT_OUTBOX = "UPDATE outbox SET visible = visible + ? WHERE kind = 'send' AND visible > ?"
_SHORTEN = f"UPDATE messages SET visible = ?1 WHERE seq IN {_LATER}"  # noqa: S608


def redrive(session: Session, queue: str, *, most: int, most_bytes: int, now: float) -> int:
    """Put the oldest dead letters of the queue back on it, and return their number.

    At most `most`, and no more than `most_bytes` together unless the first alone is larger.
    """
    size, last, count = 0, 0, 0
    for seq, length in session.rows(_DEAD_SIZES, queue, most):
        size += length
        if count and size > most_bytes:
            break
        last, count = seq, count + 1
    if count:
        session.run(_REDRIVE, now, now, queue, last)
        session.run("DELETE FROM dead WHERE queue = ? AND seq <= ?", queue, last)
        session.wake()
    return count


# SQLite reads the length of a payload without the payload.
_DEAD_SIZES = "SELECT seq, length(payload) FROM dead WHERE queue = ? ORDER BY seq LIMIT ?"
_REDRIVE = """INSERT INTO messages(queue, sent, visible, attempts, leased, payload)
SELECT queue, ?, ?, 0, 0, payload FROM dead WHERE queue = ? AND seq <= ? ORDER BY seq"""


def _parts(receipt: str) -> tuple[int, int]:
    """Numbers of the message and the hand-over in a receipt; zeros for any other text."""
    seq, _, handover = receipt.partition("-")
    if not (
        seq.isascii()
        and seq.isdigit()
        and handover.isascii()
        and handover.isdigit()
        and len(receipt) < 30
    ):
        return 0, 0
    return int(seq), int(handover)
