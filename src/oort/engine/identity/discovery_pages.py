"""Pages for verifying tokens of the local issuer: its keys, and the discovery document.

Keys rotate, so each request makes the pages again. The issuer's name does not depend on its
address.
"""

from collections.abc import Callable

import msgspec

from oort.engine.identity.issuer import Issuer
from oort.model.http import PREFIX, FixedPage

JWKS = f"{PREFIX}jwks.json"
DISCOVERY = f"{PREFIX}.well-known/openid-configuration"


def of(issuer: Issuer) -> dict[str, Callable[[str], FixedPage]]:
    """Return the pages by path. Each page takes the address of its server."""
    return {
        JWKS: lambda _: _page(issuer.jwks()),
        DISCOVERY: lambda address: _page(_discovery(issuer, address)),
    }


def _discovery(issuer: Issuer, address: str) -> dict[str, object]:
    """OpenID Connect Discovery 1.0 without endpoints for login."""
    return {
        "issuer": issuer.url,
        "jwks_uri": f"{address}{JWKS}",
        "response_types_supported": [],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _page(document: object) -> FixedPage:
    return FixedPage("application/json", msgspec.json.encode(document))
