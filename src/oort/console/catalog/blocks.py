"""What a page of the catalogue is made of, before it is HTML or Markdown. Texts are plain here: who writes them escapes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line. `code` is a name or a value; `page` and `anchor` say where it leads, if it does."""

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
    """A paragraph."""

    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so, line by line: a word and what it says."""

    rows: tuple[tuple[str, Phrase], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; others may lead to its anchor."""

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
    """A page. Its name is a path without an ending, such as `events/accounts.closed`."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def words(text: str) -> Phrase:
    """A phrase without names in it; nothing for an empty text."""
    return (Part(text),) if text else ()


def joined(phrases: Iterable[Phrase], glue: str = ", ") -> Phrase:
    """The phrases as one.

    >>> joined([words("a"), words("b")], " or ")
    (Part(text='a', code=False, page='', anchor=''), Part(text=' or ', code=False, page='', anchor=''), Part(text='b', code=False, page='', anchor=''))
    """
    found: list[Part] = []
    for phrase in phrases:
        found += [*([Part(glue)] if found else []), *phrase]
    return tuple(found)


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """A docstring as paragraphs."""
    lines = [" ".join(one.split()) for one in text.split("\n\n")]
    return tuple(Paragraph(words(one)) for one in lines if one)
