"""`Once`: effects outside the platform, such as payments, with as few repeats as possible."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from types import NoneType
from typing import overload

import msgspec

from oort.app.handles import codecs, transactions
from oort.app.handles.actions import R
from oort.app.handles.handle import Handle, ask
from oort.model import limits
from oort.model.errors import EffectInProgress, InvalidUse, InvalidValue, LimitExceeded, Unreadable
from oort.model.operations import (
    ClaimEffect,
    Done,
    FinishEffect,
    Happened,
    Lease,
    ReleaseEffect,
)

_MINUTE = timedelta(minutes=1)
_UNKEPT = b""  # no JSON text is empty


class Once(Handle):
    """Effects of a delivery outside the platform. Take `once: Once` as a parameter of a consumer.

    `once(name, effect)` calls `effect` with an idempotency key of 36 characters, which is equal for
    every delivery of the message. Pass the key to the provider; its header is often called
    Idempotency-Key. Oort keeps the result of the effect. A later delivery gets the kept result, and
    the effect does not run again. `returns=` is the type of the result, which is kept as JSON of at
    most 64 KiB; without `returns=` the result is None. Two effects with the same name in a handler
    are the same effect.

        @billing.on(OrderPlaced)
        def charge(event: OrderPlaced, payments: Payments, once: Once) -> None:
            receipt = once(
                "charge",
                lambda key: payments.charge(event.cents, idempotency_key=key),
                returns=str,
            )

    In a test, a fake stands for all deliveries of a single message:

    >>> from oort.testing import fake
    >>> once = fake(Once)
    >>> pay = lambda key: f"paid under {len(key)} characters"
    >>> [once("charge", pay, returns=str) for _ in range(2)]
    ['paid under 36 characters', 'paid under 36 characters']

    - While the effect runs, the delivery holds a lease. Another delivery of the message then
      raises EffectInProgress, fails, and comes back after the lease. Make `lease` longer than the
      effect can take; at most 12 hours.
    - If the effect raises, it has not happened. The exception goes on, and the next delivery runs
      the effect with the same key.
    - If the process ends before the result is kept, the outcome is unknown. After the lease the
      next delivery runs the effect again with the same key. Only the provider can detect this
      repeat, so the key must reach the provider.
    - Raises LimitExceeded or InvalidValue if the result cannot be kept. The effect has then
      happened and does not run again.
    - Results are kept for 15 days.
    """

    @overload
    def __call__(
        self,
        name: str,
        effect: Callable[[str], object],
        *,
        returns: None = None,
        lease: timedelta = _MINUTE,
    ) -> None: ...

    @overload
    def __call__(
        self, name: str, effect: Callable[[str], R], *, returns: type[R], lease: timedelta = _MINUTE
    ) -> R: ...

    def __call__(
        self,
        name: str,
        effect: Callable[[str], object],
        *,
        returns: type[object] | None = None,
        lease: timedelta = _MINUTE,
    ) -> object:
        """Run the effect of this name, or return its kept result.

        Raises EffectInProgress while another delivery runs the effect, InvalidUse inside
        `atomic()`, and the exceptions of the effect.
        """
        if transactions.is_open():
            raise InvalidUse(
                "An effect inside atomic() is not possible: it cannot be undone.",
                "Carry it out before the block.",
            )
        kind = NoneType if returns is None else returns
        _check_readable(kind)
        claim = self._link.lease(name)
        claimed = ask(self._link, ClaimEffect(claim, lease.total_seconds()))
        if isinstance(claimed, Happened):
            return _value(claim, claimed.result, kind)
        returned = self._run(claim, effect)
        return _value(
            claim,
            self._keep(claim, returned if returns is not None else None, kind),
            kind,
        )

    def _run(self, claim: Lease, effect: Callable[[str], object]) -> object:
        """Return the result of the effect. If the effect raises, end its lease."""
        from oort.rules.messaging import effects  # not imported at every function's cold start

        try:
            returned = effect(effects.key(claim.function, claim.message, claim.name))
            if inspect.isawaitable(returned):
                raise _asynchronous(claim, returned)
        except BaseException:
            self._release(claim)
            raise
        return returned

    def _keep(self, claim: Lease, returned: object, kind: object) -> bytes:
        """Keep the result and return its JSON; raise if it cannot be kept."""
        try:
            result = codecs.written(returned, kind)
        except InvalidValue as error:  # whatever it is: the effect must not run again
            self._finish(claim, _UNKEPT)
            what = f"{_happened(claim)} Its result cannot be kept: {error.what}"
            raise InvalidValue(what, "Return a value of the type in `returns=`.") from error
        try:
            self._finish(claim, result)
        except LimitExceeded as error:
            self._finish(claim, _UNKEPT)
            raise LimitExceeded(f"{_happened(claim)} {error.what}", error.instead) from error
        return result

    def _finish(self, claim: Lease, result: bytes) -> None:
        done = ask(self._link, FinishEffect(claim, result))
        if isinstance(done, Done) and not done.applied:
            raise EffectInProgress(
                f"The effect {claim.name!r} took longer than its lease, "
                "and another delivery has taken over.",
                "Give `lease=` more time than the effect can take.",
            )

    def _release(self, claim: Lease) -> None:
        try:
            self._link.perform(ReleaseEffect(claim))
        except Exception:  # it ends by itself, only later; what the effect raised says more
            return


def _check_readable(kind: object) -> None:
    """Raise InvalidUse for a type that JSON cannot have, before the effect runs."""
    try:
        codecs.readable(kind)
    except TypeError as error:
        raise InvalidUse(
            f"returns={codecs.title(kind)} cannot be decoded from JSON: {error}.", "Return an id."
        ) from error


def _value(claim: Lease, result: bytes, kind: object) -> object:
    if result == _UNKEPT:
        most = f"{limits.EFFECT_RESULT_BYTES:,} bytes"
        what = f"{_happened(claim)} Its result could not be kept: above {most}, or not JSON."
        raise LimitExceeded(what, "Return an id from the effect, and store the data elsewhere.")
    try:
        return codecs.read(result, kind)
    except msgspec.MsgspecError as error:
        what = f"{_happened(claim)} Its result does not fit `returns=`: {error}."
        raise Unreadable(
            what, "Name the type that the effect returned when it happened."
        ) from error


def _happened(claim: Lease) -> str:
    return f"The effect {claim.name!r} has happened, and does not run again."


def _asynchronous(claim: Lease, returned: object) -> InvalidUse:
    if inspect.iscoroutine(returned):
        returned.close()
    return InvalidUse(
        f"The effect {claim.name!r} is async and did not run.", "Give once() a plain function."
    )
