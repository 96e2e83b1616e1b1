"""Headers of every reply: against sniffing, framing and caching, and for pages of other origins
(CORS).

A header from the handler wins, except for those that the gateway writes into every reply itself.
"""

import re
from collections.abc import Iterable, Mapping

from oort.model.platform import ServiceModel
from oort.rules.http import routing

Headers = tuple[tuple[str, str], ...]

# There is no Strict-Transport-Security: over plain HTTP browsers must ignore it, so what ends TLS in front of us sends it.
_SECURITY: Headers = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
)
_PRIVATE: Headers = (*_SECURITY, ("cache-control", "no-store"))
# The handler's are dropped: beside ours, a client would read two.
_OURS = frozenset({"date", "trace-id"})
# What most handlers set: none of it is among the headers above.
_USUAL: frozenset[Headers] = frozenset({(), (("content-type", "application/json"),)})
_EXPOSED = "allow, location, retry-after, trace-id, www-authenticate"
_PREFLIGHT_SECONDS = "600"
_NAMES = re.compile(r"[a-z0-9-]{1,64}( *, *[a-z0-9-]{1,64}){0,31}")


def complete(from_handler: Headers, *, private: bool) -> Headers:
    """Add the headers of every reply to a handler's headers. Private replies are never cached.

    >>> complete((("date", "now"), ("x-shop", "1")), private=False)[0]
    ('x-shop', '1')
    """
    added = _PRIVATE if private else _SECURITY
    if from_handler in _USUAL:
        return (*from_handler, *added)
    names = {name for name, _ in from_handler}
    if not names.isdisjoint(_OURS):
        from_handler = tuple(header for header in from_handler if header[0] not in _OURS)
    return (*from_handler, *(header for header in added if header[0] not in names))


class Origins:
    """The allowed origins of each service, from `Service(cors=…)`.

    By default no origin is allowed.
    """

    def __init__(self, services: Iterable[ServiceModel]) -> None:
        self._allowed = {
            service.name: frozenset(service.cors) for service in services if service.cors
        }
        self.any = bool(self._allowed)

    def headers(self, path: str, request: Mapping[str, str]) -> Headers:
        """Return the CORS headers for a path.

        Credentials are never allowed: Oort uses no cookies.
        """
        allowed = self._of(path)
        if not allowed:
            return ()
        if "*" in allowed:
            return (
                ("access-control-allow-origin", "*"),
                ("access-control-expose-headers", _EXPOSED),
            )
        if request.get("origin") not in allowed:
            return (("vary", "origin"),)
        exposed = (
            ("access-control-allow-origin", request["origin"]),
            ("access-control-expose-headers", _EXPOSED),
        )
        return (("vary", "origin"), *exposed)

    def asks(self, method: str, path: str, request: Mapping[str, str]) -> str:
        """Return the requested method of a preflight request; empty for other requests."""
        if method != "OPTIONS" or "origin" not in request or not self._of(path):
            return ""
        return request.get("access-control-request-method", "")

    def allows(self, path: str, origin: str) -> bool:
        """True if pages of the origin may call the routes under the path."""
        return not self._of(path).isdisjoint((origin, "*"))

    def answer(self, method: str, request: Mapping[str, str]) -> Headers:
        """Return the reply headers of a preflight: the method, and the requested headers."""
        requested = request.get("access-control-request-headers", "").strip().lower()
        named = (
            (("access-control-allow-headers", requested),) if _NAMES.fullmatch(requested) else ()
        )
        return (
            ("access-control-allow-methods", method),
            *named,
            ("access-control-max-age", _PREFLIGHT_SECONDS),
        )

    def _of(self, path: str) -> frozenset[str]:
        if not self._allowed:
            return frozenset()
        return self._allowed.get(next(iter(routing.segments(path)), ""), frozenset())
