"""The pages of the catalogue: complete, linked, escaped, without scripts or anything from elsewhere, as HTML and as Markdown."""

import base64
import hashlib
import os
import posixpath
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from oort.app.documents.exports import versions
from oort.cli.wiring import platforms
from oort.console.catalog import contents, fields, markdown, webpages
from oort.console.catalog.blocks import (
    Block,
    Facts,
    Heading,
    Listing,
    Page,
    Paragraph,
    Part,
    Phrase,
    Row,
    Table,
    words,
)
from oort.console.catalog.paths import MARKER, relative
from oort.rules.schemas.schema_keywords import Schema
from tests.unit.cli.shops import shop
from tests.unit.contracted import platform

NAMES = [
    "index",
    "events/orders.placed",
    "events/stock.emptied",
    "services/orders",
    "services/stock",
]
HOSTILE = "</style><script>alert(1)</script> | `x` *y* [z](javascript:1) <!-- & \x00\n\n# title"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    project, program = platforms.load(platform(tmp_path_factory.mktemp("contracted")))
    return {one.name: one for one in contents.pages(program, root=project.root)}


def text(phrase: Phrase) -> str:
    return "".join(part.text for part in phrase)


def table(page: Page, anchor: str) -> dict[str, list[str]]:
    """The table under a heading, by the first cell of each row."""
    start = next(
        at
        for at, one in enumerate(page.blocks)
        if isinstance(one, Heading) and one.anchor == anchor
    )
    found = next(one for one in page.blocks[start:] if isinstance(one, Table))
    return {text(row.cells[0]): [text(cell) for cell in row.cells[1:]] for row in found.rows}


def facts(page: Page) -> list[dict[str, str]]:
    return [
        {word: text(phrase) for word, phrase in one.rows}
        for one in page.blocks
        if isinstance(one, Facts)
    ]


def links(page: Page) -> list[Part]:
    phrases: list[Phrase] = []
    for block in page.blocks:
        if isinstance(block, Paragraph):
            phrases.append(block.phrase)
        elif isinstance(block, Facts):
            phrases += [phrase for _, phrase in block.rows]
        elif isinstance(block, Table):
            phrases += [cell for row in block.rows for cell in row.cells]
    return [part for phrase in phrases for part in phrase if part.page or part.anchor]


class Reader(HTMLParser):
    """Collects the tags of a page, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_there_is_a_page_for_each_event_and_each_service(pages: dict[str, Page]) -> None:
    assert list(pages) == NAMES
    assert table(pages["index"], "events") == {
        "orders.placed": [
            "An order <script>alert(1)</script> came in.",
            "version 3, version 2, version 1",
            "orders.place",
            "stock.reserve, stock.count",
        ],
        "stock.emptied": ["There is none left.", "version 1", "stock.reserve", ""],
    }
    assert table(pages["index"], "services") == {
        "orders": ["4", "orders.placed version 3", ""],
        "stock": [
            "0",
            "stock.emptied version 1",
            "orders.placed version 3, orders.placed version 1",
        ],
    }


def test_an_event_says_who_it_is_for_and_what_it_becomes(pages: dict[str, Page]) -> None:
    head, third, second, first = facts(pages["events/orders.placed"])
    assert head == {"Service": "orders", "Versions": "version 3, version 2, version 1"}
    place = third.pop("Class")
    assert re.fullmatch(r"Placed in shop\d+/orders\.py, line \d+", place)
    assert third == {
        "Published by": "orders.place",
        "Consumed by": "stock.reserve",
        "Key": "id",
        "Read as it is by": "consumers of versions 2 to 3",
        "Made from": "version 2 by with_lines",
        "Sent to older consumers as": "version 1 by in_whole",
        "Schema": "urn:oort:orders.placed:3",
    }
    assert second["Made from"] == "version 1 by in_cents"
    assert second["Consumed by"] == "nobody"
    assert first["Read as it is by"] == "consumers of version 1"
    assert "Made from" not in first


def test_fields_are_told_in_words(pages: dict[str, Page]) -> None:
    found = table(pages["events/orders.placed"], "v3.fields")
    assert {name: cells[0] for name, cells in found.items()} == {
        "id": "text",
        "cents": "whole number (more than 0)",
        "lines": "list of Line (1 to 9 elements)",
        "packing": "Box or Bag",
        "wish": "Box or Bag or an object with another tag or null",
        "country": "Country",
        "size": "Size",
        "urgency": 'one of "high", "low"',
        "prices": "map from text (2 to 3 characters) to decimal number as text or number",
        "counts": "map from text like ^-?(?:0|[1-9][0-9]*)$ to number",
        "tags": "list of text",
        "place": "row of number, whole number",
        "at": "date and time with a zone or null",
        "day": "date",
        "lasts": "duration, as ISO 8601",
        "number": "UUID or whole number",
        "photo": "bytes, as base64",
        "gift": "true or false",
        "free": "anything",
    }
    assert found["id"][1:] == ["yes", "", ""]
    assert found["cents"][1:] == ["no", "100", "Hundredths."]
    line = table(pages["events/orders.placed"], "v3.Line")
    assert line["sku"] == [
        "text (1 to 20 characters)",
        "yes",
        "",
        "What | it is, with `code` & <i>.",
    ]
    assert line["inside"][0] == "list of Line"
    assert table(pages["events/orders.placed"], "v3.Box")["type"][0] == 'always "box"'


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "array"}, "list"),
        (
            {"type": "array", "items": {"type": "null"}, "uniqueItems": True, "minItems": 1},
            "set of null (at least 1 element)",
        ),
        ({"type": "string", "maxLength": 1}, "text (at most 1 character)"),
        ({"type": "string", "minLength": 3, "maxLength": 3}, "text (3 characters)"),
        ({"type": "string", "format": "email"}, "email"),
        (
            {"type": "number", "minimum": 0.5, "multipleOf": 2},
            "number (at least 0.5, a multiple of 2)",
        ),
        ({"type": "object"}, "map from text to anything"),
        ({"type": "object", "properties": {"a": {}}}, "object"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({"type": ["integer", "null"]}, "whole number or null"),
        ({"allOf": [{"type": "integer"}, {"type": "number"}]}, "whole number and number"),
        ({"oneOf": [{"type": "integer"}, False]}, "whole number or nothing"),
        ({"enum": []}, "nothing"),
        (
            {"type": "array", "prefixItems": [True, {"type": "string"}], "minItems": 1},
            "row of anything, text (at least 1 element)",
        ),
        ({"type": "own"}, "own"),
        ({"anyOf": 5}, ""),
    ],
)
def test_other_schemas_are_told_too(schema: Schema, told: str) -> None:
    assert text(fields.Teller("").phrase(schema)) == told


def test_a_schema_without_fields_says_so() -> None:
    empty: Schema = {"$ref": "#/$defs/A", "$defs": {"A": {"properties": {}, "type": "object"}}}
    assert list(fields.blocks(empty, prefix="v1.")) == [
        Heading(3, "Fields", "v1.fields"),
        Paragraph(words("It has no fields.")),
    ]


def test_an_event_that_holds_itself_has_a_table_to_lead_to() -> None:
    inside: Schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}
    found = list(fields.blocks({"$ref": "#/$defs/A", "$defs": {"A": inside}}, prefix="v1."))
    assert [one.anchor for one in found if isinstance(one, Heading)] == ["v1.fields", "v1.A"]


def test_a_service_lists_its_routes_and_what_they_publish(pages: dict[str, Page]) -> None:
    assert table(pages["services/orders"], "routes") == {
        "POST /orders": [
            "anyone",
            "orders.place",
            "Place an order | of one line.",
            "orders.placed version 3",
        ],
        "GET /orders/all": ["groups staff, audit", "orders.everything", "List them.", ""],
        "GET /orders/mine": ["whoever is signed in", "orders.mine", "", ""],
        "GET /orders/of/{customer}": ["the owner, {customer}", "orders.of", "", ""],
    }
    assert table(pages["services/orders"], "functions") == {
        "orders.ship": ["for each message in orders.parcels", "Send it.", ""],
        "orders.sweep": ["every hour", "Look for what is late.", ""],
        "orders.report": ["0 6 * * * (Europe/Oslo)", "Write a report.", ""],
    }
    assert Paragraph(words("It has no routes.")) in pages["services/stock"].blocks


OTHERS = """
from datetime import timedelta
from oort import Call, Service, call

asks = Service("asks")


@call("asks.add", idempotent=True)
class Add(Call[int, int]): ...


@asks.answer(Add)
def add(question: int) -> int:
    return question


@asks.every(timedelta(minutes=90))
def often() -> None: ...
"""


def test_a_platform_without_events_has_pages_as_well(tmp_path: Path) -> None:
    project, program = platforms.load(shop(tmp_path, OTHERS))
    front, service = contents.pages(program, root=project.root)
    assert Paragraph(words("There are no events.")) in front.blocks
    assert {name: cells[0] for name, cells in table(service, "functions").items()} == {
        "asks.add": "when asks.add is called",
        "asks.often": "every 90 minutes",
    }
    assert contents._length(timedelta(seconds=0.5)) == "0.5 seconds"


def test_every_link_leads_to_a_page_and_a_place_on_it(pages: dict[str, Page]) -> None:
    written = {f"{name}.html": webpages.page(one, platform="shop") for name, one in pages.items()}
    anchors = {
        name: {attributes["id"] for _, attributes in Reader(one).tags if "id" in attributes}
        for name, one in written.items()
    }
    for name, one in pages.items():
        assert links(one)
        for part in links(one):
            path, _, anchor = relative(name, part, ".html").partition("#")
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
                if path
                else f"{name}.html"
            )
            assert target in anchors, part
            assert not anchor or anchor in anchors[target], part


def test_no_page_asks_for_anything_or_runs_anything(pages: dict[str, Page]) -> None:
    for one in pages.values():
        page = webpages.page(one, platform="shop")
        found = Reader(page)
        assert found.open == []
        for tag, attributes in found.tags:
            assert tag not in ("script", "img", "iframe", "object", "form")
            assert not [
                name for name in attributes if name.startswith("on") or name in ("src", "style")
            ]
            assert re.match(
                r"data:,|#|(?:\.\./)?(?:events/|services/|index)", attributes.get("href") or "#"
            )
        (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:" in page
        assert "@import" not in style
        assert "url(" not in style
        assert page.splitlines()[1] == MARKER
        assert (
            "meta",
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
        ) in found.tags


def hostile() -> Page:
    """A page whose every text would be something else if it were not escaped."""
    bad = (Part(HOSTILE), Part(HOSTILE, code=True), Part("to", page="events/a", anchor="v1"))
    every: tuple[Block, ...] = (
        Heading(2, HOSTILE, "h"),
        Paragraph(bad),
        Facts(((HOSTILE, bad),)),
        Table((HOSTILE, "b"), (Row((bad, ()), "here"),)),
        Listing(f"```\n{HOSTILE}"),
    )
    return Page("services/hostile", HOSTILE, every)


def test_texts_stay_texts_in_html() -> None:
    page = webpages.page(hostile(), platform=HOSTILE)
    plain = webpages.page(Page("services/plain", "plain", ()), platform="plain")
    found = Reader(page)
    assert "<script>" not in page
    assert "\x00" not in page
    assert page.count("</style>") == plain.count("</style>") == 1
    assert {tag for tag, _ in found.tags} - {tag for tag, _ in Reader(plain).tags} <= {
        "h2", "p", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "a",
    }  # fmt: skip
    assert (
        found.said.count("</style><script>alert(1)</script> | `x` *y* [z](javascript:1) <!-- &")
        >= 9
    )


def test_texts_stay_texts_in_markdown() -> None:
    page = markdown.page(hostile(), platform=HOSTILE)
    outside, listing, _ = page.partition("````json\n")
    assert listing
    assert "<script" not in outside
    assert "\x00" not in outside  # and JSON holds none
    assert re.findall(r"(?<!\\)\[z", outside) == []
    assert re.findall(r"(?<!\\)\*y", outside) == []
    assert [line for line in outside.splitlines() if line.startswith("#")] == [
        line for line in outside.splitlines() if line.startswith(("# &lt;/style", "## &lt;/style"))
    ]
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3, 3, 3]


@pytest.mark.parametrize(
    ("said", "escaped"),
    [
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("12) a", "12\\) a"),
        ("= a", "\\= a"),
        ("a - 1. b", "a - 1. b"),
        ("+1", "\\+1"),
    ],
)
def test_a_paragraph_of_markdown_begins_no_list(said: str, escaped: str) -> None:
    page = markdown.page(Page("index", "t", (Paragraph(words(said)),)), platform="t")
    assert page.splitlines()[-1] == escaped


def test_a_listing_of_markdown_ends_where_it_ends(pages: dict[str, Page]) -> None:
    page = markdown.page(pages["events/stock.emptied"], platform="shop")
    assert page.count("```json") == 2
    assert page.count("```") == 4


def test_an_event_of_a_service_that_is_not_there_leads_nowhere(tmp_path: Path) -> None:
    source = """
from oort import Event, Service, event

here = Service("here")

@event("elsewhere.sold", version=1, key="id")
class Sold(Event):
    id: str

@here.on(Sold)
def take(event: Sold) -> None: ...
"""
    project, program = platforms.load(shop(tmp_path, source))
    assert len(versions(program)) == 1
    found: Any = {one.name: one for one in contents.pages(program, root=project.root)}
    assert facts(found["events/elsewhere.sold"])[0]["Service"] == "elsewhere"
    assert [
        part for part in links(found["events/elsewhere.sold"]) if part.page == "services/elsewhere"
    ] == []
    assert os.sep not in facts(found["events/elsewhere.sold"])[1]["Published by"]
