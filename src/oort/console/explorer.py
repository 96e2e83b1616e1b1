"""The page on which a developer reads the API document and calls every route. `oort dev` serves it.

It is one file: style, script and document stand in it, and its policy lets nothing else run and no other host be asked.
"""

import base64
import hashlib
import html
import re
from pathlib import Path

from oort.model.fixed_pages import FixedPage

_FOLDER = Path(__file__).parent / "page"


def page(document: bytes, *, title: str, place: str) -> FixedPage:
    """The explorer of an OpenAPI document. `place` is what `oort` commands need to find the platform: `-C PATH`, or nothing."""
    style, script = _read("explorer.css"), _read("explorer.js")
    parts = {
        "title": html.escape(title),
        "place": html.escape(place),
        "style": style,
        "script": script,
        "document": document.decode()
        .strip()
        .replace("<", "\\u003c"),  # a text that says </script> ends nothing
    }
    text = re.sub(
        r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("explorer.html")
    )  # in one go: no part is searched
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
