"""Values that are made once and kept for a while: configuration, rates, anything that is read often and changes seldom."""

from collections.abc import Callable
from datetime import timedelta

from oort.app.handles.variables import F
from oort.model.errors import InvalidUse

_MARK = "__oort_ttl__"


def cached(*, ttl: timedelta) -> Callable[[F], F]:
    """Keep what a provider makes for `ttl` in each environment; the first invocation after that makes it anew.

    Put it below `@service.provide`. Another environment may hold an older value for as long. A provider that takes a cached
    value keeps the one it was made with; handlers always get the present one.

        @billing.provide
        @cached(ttl=timedelta(minutes=5))
        def rates(table: Rates[Scan]) -> RateTable:
            return RateTable(table.scan().items)
    """
    if ttl <= timedelta(0):
        raise InvalidUse(
            f"A value cannot be kept for {ttl}.", "Give a time above 0, or leave cached() out."
        )

    def decorate(factory: F) -> F:
        vars(factory)[_MARK] = ttl
        return factory

    return decorate


def kept_for(factory: Callable[..., object]) -> timedelta | None:
    """How long what the factory makes is kept; None for as long as the environment lives."""
    ttl = getattr(factory, _MARK, None)
    return ttl if isinstance(ttl, timedelta) else None
