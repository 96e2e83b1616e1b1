"""Building blocks of catalogue pages, for HTML and Markdown. Texts are not escaped here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line. `code` marks a name or a value; `page` and `anchor` form the link."""

    text: str
    code: bool = False
    page: str = ""
    anchor: str = ""


Phrase: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 or 3."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Facts:
    """A list of facts: a word and its value in each line."""

    rows: tuple[tuple[str, Phrase], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. Links may lead to its anchor."""

    cells: tuple[Phrase, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first cell of a row names it."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """JSON as text."""

    text: str


Block: TypeAlias = Heading | Paragraph | Facts | Table | Listing


@dataclass(frozen=True, slots=True)
class Page:
    """A page. Its name is a path without suffix, such as `events/accounts.closed`."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def words(text: str) -> Phrase:
    """Return a phrase of plain text; empty for an empty text."""
    return (Part(text),) if text else ()


def joined(phrases: Iterable[Phrase], glue: str = ", ") -> Phrase:
    """The phrases as one.

    >>> joined([words("a"), words("b")], " or ")
    (Part(text='a', code=False, page='', anchor=''), Part(text=' or ', code=False, page='', anchor=''), Part(text='b', code=False, page='', anchor=''))
    """
    parts: list[Part] = []
    for phrase in phrases:
        parts += [*([Part(glue)] if parts else []), *phrase]
    return tuple(parts)


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Split a docstring into paragraphs."""
    lines = [" ".join(line.split()) for line in text.split("\n\n")]
    return tuple(Paragraph(words(line)) for line in lines if line)
