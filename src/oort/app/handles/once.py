"""`Once`: effects outside the platform, such as a payment or a mail, that happen once as far as that is possible."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import overload

import msgspec

from oort.app.handles import transactions
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
from oort.rules.types import models

_MINUTE = timedelta(minutes=1)
_LOST = b""  # no JSON text is empty


class Once(Handle):
    """Effects of a delivery on the world outside. Take `once: Once` in a consumer; its calls say what to do once.

    `effect` is called with an idempotency key: 36 characters that are the same for every delivery of the message. Hand it to
    the provider, whose header is often called Idempotency-Key. What the effect returned is kept, and a delivery that comes
    again gets that, and the effect does not run. With `returns=`, the type of the result, it is kept as JSON of at most
    64 KiB; without, None is. Two effects of one name in a handler are one effect.

        @billing.on(OrderPlaced)
        def charge(event: OrderPlaced, payments: Payments, once: Once) -> None:
            receipt = once("charge", lambda key: payments.charge(event.cents, idempotency_key=key), returns=str)

    In a test, one that `fake` made stands for all deliveries of one message:

    >>> from oort.testing import fake
    >>> once = fake(Once)
    >>> [once("charge", lambda key: f"paid under {len(key)} characters", returns=str) for _ in range(2)]
    ['paid under 36 characters', 'paid under 36 characters']

    - While it runs, the delivery holds a lease: another one of the message raises EffectInProgress, fails, and comes back
      when the lease has ended. Give `lease` more time than the effect can take; at most 12 hours.
    - An effect that raises has not happened: the exception goes on, and the next delivery tries again with the same key.
    - If the process ends before the result is kept, nobody knows whether it happened: once the lease has ended, the next
      delivery runs the effect again, with the same key. Only the provider can then recognise it. So the key must reach it.
    - A result that cannot be kept raises LimitExceeded or InvalidValue. The effect has happened then, and does not run again.
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
        """Carry out the effect of this name, or return what it returned before.

        Raises EffectInProgress while another delivery does it, InvalidUse inside `atomic()`, and what the effect raises.
        """
        if transactions.is_open():
            raise InvalidUse(
                "An effect inside atomic() is not possible: it cannot be undone.",
                "Carry it out before the block.",
            )
        decoder = _decoder(returns)
        held = self._link.lease(name)
        known = ask(self._link, ClaimEffect(held, lease.total_seconds()))
        if isinstance(known, Happened):
            return _value(held, known.result, decoder)
        returned = self._carried_out(held, effect)
        return _value(held, self._kept(held, returned if returns is not None else None), decoder)

    def _carried_out(self, held: Lease, effect: Callable[[str], object]) -> object:
        """What the effect returns. If it raises, its lease ends."""
        from oort.rules.messaging import (
            effects,  # loaded by those who use it: `import oort` is the cold start of every function
        )

        try:
            returned = effect(effects.key(held.function, held.message, held.name))
            if inspect.isawaitable(returned):
                raise _asynchronous(held, returned)
        except BaseException:
            self._release(held)
            raise
        return returned

    def _kept(self, held: Lease, returned: object) -> bytes:
        """The result as it is kept. One that cannot be is an error now and whenever it is asked for."""
        try:
            result = msgspec.json.encode(returned, enc_hook=models.dump)
        except Exception as error:  # whatever it is: the effect must not run again
            self._finish(held, _LOST)
            what = f"{_happened(held)} Its result, a {type(returned).__name__}, cannot be kept: {error}."
            raise InvalidValue(what, "Return a type that msgspec can encode.") from error
        try:
            self._finish(held, result)
        except LimitExceeded as error:
            self._finish(held, _LOST)
            raise LimitExceeded(f"{_happened(held)} {error.what}", error.instead) from error
        return result

    def _finish(self, held: Lease, result: bytes) -> None:
        done = ask(self._link, FinishEffect(held, result))
        if isinstance(done, Done) and not done.applied:
            raise EffectInProgress(
                f"The effect {held.name!r} took longer than its lease, and another delivery has taken it over.",
                "Give `lease=` more time than the effect can take.",
            )

    def _release(self, held: Lease) -> None:
        try:
            self._link.perform(ReleaseEffect(held))
        except Exception:  # it ends by itself, only later; what the effect raised says more
            return


def _decoder(returns: type[object] | None) -> msgspec.json.Decoder[object]:
    """What reads the result. Made before the effect runs, so that a type which cannot be read does no harm."""
    try:
        return msgspec.json.Decoder(
            type(None) if returns is None else returns, dec_hook=models.load
        )
    except TypeError as error:
        raise InvalidUse(
            f"returns={returns!r} is no type that JSON can become: {error}.", "Return an id."
        ) from error


def _value(held: Lease, result: bytes, decoder: msgspec.json.Decoder[object]) -> object:
    if result == _LOST:
        what = f"{_happened(held)} Its result could not be kept: it was larger than {limits.EFFECT_RESULT_BYTES:,} bytes, or no JSON."
        raise LimitExceeded(what, "Let the effect return its id, and store the rest elsewhere.")
    try:
        return decoder.decode(result)
    except msgspec.MsgspecError as error:
        what = f"{_happened(held)} Its result does not fit `returns=`: {error}."
        raise Unreadable(
            what, "Name the type that the effect returned when it happened."
        ) from error


def _happened(held: Lease) -> str:
    return f"The effect {held.name!r} has happened, and does not run again."


def _asynchronous(held: Lease, returned: object) -> InvalidUse:
    if inspect.iscoroutine(returned):
        returned.close()
    return InvalidUse(
        f"The effect {held.name!r} is async, and has not run.", "Give once() a plain function."
    )
