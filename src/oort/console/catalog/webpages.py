"""Format catalogue pages as HTML: one file each, with style, without script and external resources.

Every text is escaped, and the page's policy forbids all scripts.
"""

import base64
import hashlib
import html
from pathlib import Path

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

ENDING = ".html"
# HTML must not contain these characters.
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), "\N{REPLACEMENT CHARACTER}")


def page(page: Page, *, platform: str) -> str:
    """Return the complete file."""
    style = (Path(__file__).parent / "catalog.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    home = (
        ""
        if page.name == "index"
        else f'<nav aria-label="Way back">{_link(Part(platform, page="index"), page)}</nav>\n'
    )
    title = page.title if page.name == "index" else f"{page.title} · {platform}"
    body = "\n".join(_block(block, page) for block in page.blocks)
    return f"""<!doctype html>
{MARKER}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{_escaped(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
{home}<h1>{_escaped(page.title)}</h1>
{body}
</main>
<footer>Written by <code>oort contracts catalog</code> from the types of the services.</footer>
</body>
</html>
"""


def _escaped(text: str) -> str:
    return html.escape(text.translate(_CONTROLS))


def _block(block: Block, page: Page) -> str:
    if isinstance(block, Heading):
        return (
            f'<h{block.level} id="{_escaped(block.anchor)}">{_escaped(block.text)}</h{block.level}>'
        )
    if isinstance(block, Paragraph):
        return f"<p>{_phrase(block.phrase, page)}</p>"
    if isinstance(block, Listing):
        return f'<pre tabindex="0"><code>{_escaped(block.text)}</code></pre>'
    return _facts(block, page) if isinstance(block, Facts) else _table(block, page)


def _facts(facts: Facts, page: Page) -> str:
    rows = (
        f"<dt>{_escaped(word)}</dt><dd>{_phrase(phrase, page)}</dd>" for word, phrase in facts.rows
    )
    return "\n".join(("<dl>", *rows, "</dl>"))


def _table(table: Table, page: Page) -> str:
    """Format a table. On a narrow screen each row is a card, and each cell shows its heading."""
    heads = "".join(f'<th scope="col">{_escaped(heading)}</th>' for heading in table.headings)
    lines = ["<table>", f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    for row in table.rows:
        cells = [
            f'<td data-label="{_escaped(heading)}">{_phrase(cell, page)}</td>'
            for heading, cell in zip(table.headings, row.cells, strict=True)
        ]
        anchor = f' id="{_escaped(row.anchor)}"' if row.anchor else ""
        lines.append(f"<tr{anchor}>{''.join(cells)}</tr>")
    return "\n".join((*lines, "</tbody>", "</table>"))


def _phrase(phrase: Phrase, page: Page) -> str:
    return "".join(_link(part, page) for part in phrase)


def _link(part: Part, page: Page) -> str:
    text = f"<code>{_escaped(part.text)}</code>" if part.code else _escaped(part.text)
    to = relative(page.name, part, ENDING)
    return f'<a href="{_escaped(to)}">{text}</a>' if to else text
