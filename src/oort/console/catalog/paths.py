"""Links between files of the catalogue, and the marker that identifies its files."""

from pathlib import PurePosixPath
from urllib.parse import quote

from oort.console.catalog.blocks import Part

MARKER = "<!-- made by: oort contracts catalog -->"


def relative(page: str, part: Part, ending: str) -> str:
    """Return the link from a page to a part's target; empty without a target.

    >>> part = Part("shop", page="services/shop", anchor="shop.sell")
    >>> relative("events/shop.sold", part, ".html")
    '../services/shop.html#shop.sell'
    """
    anchor = f"#{quote(part.anchor)}" if part.anchor else ""
    if not part.page or part.page == page:
        return anchor
    up = "../" * (len(PurePosixPath(page).parts) - 1)
    return f"{up}{quote(part.page)}{ending}{anchor}"
