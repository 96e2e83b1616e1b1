"""Pages of the catalogue as Markdown, as GitHub and others show it. Every text is escaped. `folder` writes them."""

import re

from oort.console.catalog.blocks import (
    Block,
    Facts,
    Heading,
    Listing,
    Page,
    Paragraph,
    Part,
    Phrase,
    Table,
)
from oort.console.catalog.paths import MARKER, relative

ENDING = ".md"
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~#$!]")
_HTML = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_START = re.compile(r"^(\d*)([-+=:.)])")  # what would begin a list or a line


def page(page: Page, *, platform: str) -> str:
    """The whole file."""
    home = () if page.name == "index" else (_link(Part(platform, page="index"), page),)
    parts = (
        f"{MARKER}\n# {_escaped(page.title)}",
        *home,
        *(_block(block, page) for block in page.blocks),
    )
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split(" "))
    return _SPECIAL.sub(r"\\\g<0>", line).translate(_HTML)


def _block(block: Block, page: Page) -> str:
    if isinstance(block, Heading):
        return f'<a id="{block.anchor}"></a>\n\n{"#" * block.level} {_escaped(block.text)}'
    if isinstance(block, Paragraph):
        return _START.sub(r"\1\\\2", _phrase(block.phrase, page))
    if isinstance(block, Listing):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.text)), default=0))
        return f"{fence}json\n{block.text}\n{fence}"
    if isinstance(block, Facts):
        return "\n".join(
            f"- {_escaped(word)}: {_phrase(phrase, page)}" for word, phrase in block.rows
        )
    return _table(block, page)


def _table(table: Table, page: Page) -> str:
    lines = [
        f"| {' | '.join(map(_escaped, table.headings))} |",
        f"|{' --- |' * len(table.headings)}",
    ]
    for row in table.rows:
        cells = [_phrase(cell, page) for cell in row.cells]
        cells[0] = f'<a id="{row.anchor}"></a>{cells[0]}' if row.anchor else cells[0]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _phrase(phrase: Phrase, page: Page) -> str:
    return "".join(_link(part, page) for part in phrase)


def _link(part: Part, page: Page) -> str:
    text = _code(part.text) if part.code else _escaped(part.text)
    to = relative(page.name, part, ENDING)
    return f"[{text}]({to})" if to else text


def _code(text: str) -> str:
    """A name or a value. A code span knows no escapes, so what it cannot hold stands in a tag."""
    plain = text.isprintable() and text == text.strip() and text and not set(text) & set("`|")
    return f"`{text}`" if plain else f"<code>{_escaped(text)}</code>"
