"""Where the files of the catalogue lead to, and the line by which one knows that a file is one. Both ways of writing use it."""

from pathlib import PurePosixPath
from urllib.parse import quote

from oort.console.catalog.blocks import Part

MARKER = "<!-- made by: oort contracts catalog -->"


def relative(page: str, part: Part, ending: str) -> str:
    """The way from a page to where a part leads; empty if it leads nowhere.

    >>> relative("events/shop.sold", Part("shop", page="services/shop", anchor="shop.sell"), ".html")
    '../services/shop.html#shop.sell'
    """
    anchor = f"#{quote(part.anchor)}" if part.anchor else ""
    if not part.page or part.page == page:
        return anchor
    up = "../" * (len(PurePosixPath(page).parts) - 1)
    return f"{up}{quote(part.page)}{ending}{anchor}"
