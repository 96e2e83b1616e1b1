"""The headers that every reply of the gateway carries: against sniffing, framing and caching, and for other origins' pages.

Pure functions of the gateway. A header that the handler set itself always wins.
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
_EXPOSED = "allow, location, retry-after, trace-id, www-authenticate"
_PREFLIGHT_SECONDS = "600"
_NAMES = re.compile(r"[a-z0-9-]{1,64}( *, *[a-z0-9-]{1,64}){0,31}")


def complete(own: Headers, *, private: bool) -> Headers:
    """A handler's own headers and those that every reply has; what is private is not cached anywhere."""
    given = {name for name, _ in own}
    return (*own, *(one for one in (_PRIVATE if private else _SECURITY) if one[0] not in given))


class Origins:
    """Whose pages may call which service: by `Service(cors=…)`, and nobody's if that says nothing."""

    def __init__(self, services: Iterable[ServiceModel]) -> None:
        self._allowed = {
            service.name: frozenset(service.cors) for service in services if service.cors
        }

    def headers(self, path: str, request: Mapping[str, str]) -> Headers:
        """What a reply under this path tells a browser. Credentials are never allowed: there are no cookies here."""
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
        shown = (
            ("access-control-allow-origin", request["origin"]),
            ("access-control-expose-headers", _EXPOSED),
        )
        return (("vary", "origin"), *shown)

    def asks(self, method: str, path: str, request: Mapping[str, str]) -> str:
        """The method that a browser asks about before it calls; empty if the request is no such question, or closed."""
        if method != "OPTIONS" or "origin" not in request or not self._of(path):
            return ""
        return request.get("access-control-request-method", "")

    def allows(self, path: str, origin: str) -> bool:
        """Whether pages of the origin may call the routes under the path."""
        return not self._of(path).isdisjoint((origin, "*"))

    def answer(self, method: str, request: Mapping[str, str]) -> Headers:
        """The answer to such a question: this method, and the headers it asked for."""
        wanted = request.get("access-control-request-headers", "").strip().lower()
        named = (("access-control-allow-headers", wanted),) if _NAMES.fullmatch(wanted) else ()
        return (
            ("access-control-allow-methods", method),
            *named,
            ("access-control-max-age", _PREFLIGHT_SECONDS),
        )

    def _of(self, path: str) -> frozenset[str]:
        if not self._allowed:
            return frozenset()
        return self._allowed.get(next(iter(routing.segments(path)), ""), frozenset())
