"""The page for reading the API document and calling routes. `oort dev` serves it.

The page is one file with style, script and document. Its policy forbids other code and other hosts.
"""

import base64
import hashlib
import html
import re
from pathlib import Path

from oort.model.fixed_pages import FixedPage

_FOLDER = Path(__file__).parent / "page"


def page(document: bytes, *, title: str, place: str) -> FixedPage:
    """Return the explorer for an OpenAPI document.

    `place` holds the options that `oort` commands need to find the platform: `-C PATH`, or nothing.
    """
    style, script = _read("explorer.css"), _read("explorer.js")
    parts = {
        "title": html.escape(title),
        "place": html.escape(place),
        "style": style,
        "script": script,
        "document": document.decode()
        .strip()
        .replace("<", "\\u003c"),  # so that </script> in a text does not end the script
    }
    # In one pass, so that no part is replaced inside another.
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("explorer.html"))
    return FixedPage("text/html; charset=utf-8", text.encode(), _policy(style, script))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
