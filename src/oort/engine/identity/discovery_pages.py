"""What the local issuer publishes, so that others can verify its tokens: its keys, and the discovery document.

Both are made anew for each request, since keys rotate. The issuer's name does not depend on where it listens, the addresses do.
"""

from collections.abc import Callable

import msgspec

from oort.engine.identity.issuer import Issuer
from oort.model.fixed_pages import PREFIX, FixedPage

JWKS = f"{PREFIX}jwks.json"
DISCOVERY = f"{PREFIX}.well-known/openid-configuration"


def of(issuer: Issuer) -> dict[str, Callable[[str], FixedPage]]:
    """The pages by their paths; each takes the address of the server that shows it."""
    return {
        JWKS: lambda _: _page(issuer.jwks()),
        DISCOVERY: lambda address: _page(_discovery(issuer, address)),
    }


def _discovery(issuer: Issuer, address: str) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, as far as it goes: nobody logs in here, so there is no endpoint for it."""
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
