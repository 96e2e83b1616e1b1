"""The explorer is one file that asks no other host, and whose policy names exactly the script and the style that stand in it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

from oort.app.documents import openapi
from oort.app.loading.loader import load
from oort.console import explorer
from tests.fuzz.every_kind import kinds

DOCUMENT = openapi.encoded(load([kinds], name="kinds & sorts"))
PAGE = explorer.page(DOCUMENT, title="kinds & sorts", place='-C "a b"')


class Reader(HTMLParser):
    """Collects the tags, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(PAGE.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style", "title", "h1"):
            self.texts.append(data)


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_script_and_this_style_and_no_other() -> None:
    policy = dict(part.strip().split(" ", 1) for part in PAGE.policy.split(";"))
    text = PAGE.body.decode()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert (policy["script-src"], policy["style-src"]) == (hashed(script), hashed(style))
    assert (
        policy["default-src"]
        == policy["base-uri"]
        == policy["form-action"]
        == policy["frame-ancestors"]
        == "'none'"
    )
    assert policy["connect-src"] == "'self'"
    assert "unsafe" not in PAGE.policy


def test_nothing_is_asked_of_another_host() -> None:
    text = PAGE.body.decode()
    without = text.replace(DOCUMENT.decode().strip(), "")
    assert re.findall(r"(?:https?:)?//[A-Za-z][\w.-]*\.\w", without) == []
    for tag, attributes in Reader().tags:
        assert "src" not in attributes, tag
        assert (attributes.get("href") or "data:,").startswith(("data:,", "#", "openapi.json")), (
            attributes
        )
        assert not [
            name for name in attributes if name.startswith("on") or name == "style"
        ]  # the policy forbids both
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "@import",
        " url(",
        ":url(",
    ):
        assert way not in text


def test_every_route_stands_in_the_page() -> None:
    (held,) = re.findall(
        r'<script type="application/json" id="document">(.*?)</script>',
        PAGE.body.decode(),
        re.DOTALL,
    )
    found: dict[str, Any] = json.loads(held)
    assert found == json.loads(DOCUMENT)
    routes = {(method, path) for path, methods in found["paths"].items() for method in methods}
    assert ("put", "/kinds/things/{id}/{day}") in routes
    assert len(routes) == 8


def test_texts_of_the_program_are_texts_in_the_page() -> None:
    hostile = json.dumps(
        {"title": "</script><script>alert(1)</script>", "x": "{{script}} {{place}}"}
    ).encode()
    page = explorer.page(hostile, title="<b>&", place='"><script>').body.decode()
    assert page.count("<script>") == page.count("</script>") - 1 == 1  # ours, beside the document
    assert '"{{script}} {{place}}"' in page
    assert "<title>&lt;b&gt;&amp; · API</title>" in page
    assert 'data-place="&quot;&gt;&lt;script&gt;"' in page


def test_every_field_has_a_label_and_the_page_its_landmarks() -> None:
    tags = Reader().tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag == "input":
            assert attributes.get("aria-label") or attributes["id"] in labelled
    assert {"header", "nav", "main"} <= {tag for tag, _ in tags}
    assert ("html", {"lang": "en"}) in tags
    assert any("kinds & sorts" in text for text in Reader().texts)
