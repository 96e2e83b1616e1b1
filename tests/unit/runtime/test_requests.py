"""Reading a request: every argument typed, everything that is wrong said at once, and no input that ends in a 500."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort import Header, Service
from tests.unit.runtime.kit import Running, document, errors

JSON = {"content-type": "application/json"}


class Size(Enum):
    """A choice."""

    SMALL = 1
    LARGE = 2


class Part(msgspec.Struct):
    """Nested."""

    name: str
    inner: "Part | None" = None


class Order(msgspec.Struct):
    """A body."""

    part: Part
    count: Annotated[int, msgspec.Meta(ge=1)] = 1


def whole() -> Running:
    service = Service("orders")

    @service.post("/{id}/{size}", public=True)
    def place(  # noqa: PLR0917  # the runtime passes them by name
        id: int,
        size: Size,
        body: Order,
        day: date,
        key: Annotated[str, Header("Idempotency-Key")],
        tag: Annotated[list[str] | None, msgspec.Meta(description="repeated")] = None,
        numbers: Annotated[list[int], Header("X-Numbers")] = [],  # noqa: B006
        mode: Literal["a", "b"] | None = None,
        limit: Annotated[int, msgspec.Meta(le=10)] = 5,
    ) -> list[object]:
        return [id, size, body, day, key, tag, numbers, mode, limit]

    return Running(service)


PATH = {"id": "7", "size": "2"}
QUERY = (("day", "2026-01-02"),)
KEY = {"idempotency-key": "k"}
HEADERS = {**JSON, **KEY}
BODY = {"part": {"name": "p"}}


def test_every_place_is_read_and_typed() -> None:
    outcome = whole().request(
        BODY,
        path=PATH,
        query=(*QUERY, ("tag", "x"), ("tag", "y"), ("mode", "b"), ("limit", "9"), ("stray", "1")),
        headers={**HEADERS, "x-numbers": "1, 2,3"},
    )
    assert outcome.status == 200, outcome
    assert msgspec.json.decode(outcome.body) == [
        7, 2, {"part": {"name": "p", "inner": None}, "count": 1}, "2026-01-02", "k", ["x", "y"], [1, 2, 3], "b", 9,
    ]  # fmt: skip


def test_what_is_optional_keeps_its_default() -> None:
    outcome = whole().request(BODY, path=PATH, query=QUERY, headers=HEADERS)
    assert msgspec.json.decode(outcome.body)[5:] == [None, [], None, 5]


def test_one_of_a_repeated_parameter_is_a_list_too() -> None:
    outcome = whole().request(BODY, path=PATH, query=(*QUERY, ("tag", "x")), headers=HEADERS)
    assert msgspec.json.decode(outcome.body)[5] == ["x"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    outcome = whole().request(
        {"part": {"nam": 1}, "count": 0, "extra": 1},
        path={"id": "x", "size": "3"},
        query=(("day", "tomorrow"), ("limit", "11"), ("mode", "c"), ("limit", "5"), ("tag", "ok")),
        headers={**JSON, "x-numbers": "1,two"},
    )
    found = errors(outcome)
    assert [(one["in"], one.get("name") or one.get("pointer")) for one in found] == [
        ("path", "id"),
        ("path", "size"),
        ("query", "day"),
        ("header", "idempotency-key"),
        ("header", "x-numbers"),
        ("query", "mode"),
        ("query", "limit"),
        ("body", "/part/name"),
        ("body", "/part/nam"),
        ("body", "/count"),
        ("body", "/extra"),
    ]
    assert document(outcome)["detail"] == "11 parts of the request cannot be accepted."
    said = {one.get("name"): one["detail"] for one in found}
    assert said["idempotency-key"] == "This parameter is required"
    assert said["limit"] == "This parameter is given more than once"


def test_one_mistake_is_said_in_the_singular() -> None:
    outcome = whole().request(BODY, path=PATH, headers=HEADERS)
    assert document(outcome)["detail"] == "1 part of the request cannot be accepted."


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "A JSON body is required"),
        (b"{", "Input data was truncated"),
        (b"\xff\xfe", "JSON is malformed"),
        (b'{"part": {"name": "\xff"}}', "utf-8"),
        (b"[" * 200_000, "Nested too deeply"),
        (b'{"part":' * 60_000, "Nested too deeply"),
        (b"null", "Expected an object, got null"),
        (b"1" * 5000, "out of range"),
        (b'{"part": {"name": "p"}, "count": 1e999}', "out of range"),
        (
            b'{"part": ' + b'{"name":"p","inner":' * 100 + b"null" + b"}" * 101,
            "Nested more than 64 levels deep",
        ),
    ],
)
def test_a_body_that_cannot_be_read_says_why(body: bytes, detail: str) -> None:
    found = errors(whole().request(body, path=PATH, query=QUERY, headers=HEADERS))
    assert [one["in"] for one in found] == ["body"]
    assert detail.lower() in found[0]["detail"].lower()


def test_a_large_wrong_body_does_not_ask_for_a_larger_reply() -> None:
    outcome = whole().request(
        {f"f{n}": n for n in range(10_000)}, path=PATH, query=QUERY, headers=HEADERS
    )
    assert len(errors(outcome)) == 100


def test_a_body_of_almost_six_megabytes_is_read() -> None:
    body = {"part": {"name": "x" * (6 * 1024 * 1024 - 500)}}
    assert whole().request(body, path=PATH, query=QUERY, headers=HEADERS).status == 200


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=utf-8", "application/cloudevents+json"]
)
def test_json_by_any_of_its_names_is_accepted(kind: str) -> None:
    headers = {**HEADERS, "content-type": kind}
    assert whole().request(BODY, path=PATH, query=QUERY, headers=headers).status == 200


@pytest.mark.parametrize(
    "kind", ["text/json", "application/jsonx", "multipart/form-data", "+json", ""]
)
def test_anything_else_is_415_and_the_handler_is_not_entered(kind: str) -> None:
    outcome = whole().request(
        BODY, path=PATH, query=QUERY, headers={**HEADERS, "content-type": kind}
    )
    assert (outcome.status, outcome.entered) == (415, False)
    assert "curl: -H 'content-type: application/json'" in str(document(outcome)["detail"])


def test_a_body_without_a_type_is_415_so_that_no_page_of_another_origin_can_send_it() -> None:
    outcome = whole().request(BODY, path=PATH, query=QUERY, headers=KEY)
    assert (outcome.status, outcome.entered) == (415, False)
    assert document(outcome)["detail"] == (
        "The body has no content-type; send application/json "
        "(curl: -H 'content-type: application/json')."
    )
    (missing,) = errors(whole().request(b"", path=PATH, query=QUERY, headers=KEY))
    assert missing["detail"] == "A JSON body is required"


@pytest.mark.parametrize(
    "charset",
    ["utf-16", "UTF-16LE", '"utf-16"', "iso-8859-1", "latin1", "utf-7", ""],
)
def test_json_in_another_charset_is_415(charset: str) -> None:
    headers = {**HEADERS, "content-type": f"application/json;x=y; Charset={charset}"}
    outcome = whole().request(BODY, path=PATH, query=QUERY, headers=headers)
    name = charset.strip('"')
    assert (outcome.status, outcome.entered) == (415, False)
    assert document(outcome)["detail"] == f"The charset is {name}; send JSON in UTF-8."


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_utf_8_has_many_names(charset: str) -> None:
    headers = {**HEADERS, "content-type": f"application/json; charset={charset}"}
    assert whole().request(BODY, path=PATH, query=QUERY, headers=headers).status == 200


@pytest.mark.parametrize(
    ("coding", "status"), [("gzip", 415), ("br, identity", 415), ("Identity", 200), ("", 200)]
)
def test_an_encoded_body_is_415(coding: str, status: int) -> None:
    headers = {**HEADERS, "content-encoding": coding}
    outcome = whole().request(BODY, path=PATH, query=QUERY, headers=headers)
    assert outcome.status == status
    if status == 415:
        assert f"The content-encoding is {coding};" in str(document(outcome)["detail"])


@pytest.mark.parametrize(
    "body",
    [
        b'{"part": {"name": "a"}, "part": {"name": "b"}}',
        b'{"part": {"name": "a"}, "p\\u0061rt": {"name": "b"}}',
        b'{"part": {"name": "a:b", "x:": 1, "x:": "\\u003a"}}',
    ],
)
def test_a_body_that_names_a_member_twice_is_400(body: bytes) -> None:
    (error,) = errors(whole().request(body, path=PATH, query=QUERY, headers=HEADERS))
    name = "x:" if b"x:" in body else "part"
    assert (error["pointer"], error["detail"]) == ("", f"An object names {name!r} twice")


def test_a_large_body_that_names_a_member_twice_is_400_too() -> None:
    body = b'{"part": {"name": "%s"}, "count": 1, "count": 2}' % (b"x" * 300_000)
    (error,) = errors(whole().request(body, path=PATH, query=QUERY, headers=HEADERS))
    assert error["detail"] == "An object names a member twice"


def optional() -> Running:
    service = Service("notes")

    @service.post("/", public=True)
    def note(
        body: Part | None = None, text: str | None = "default", yes: bool = False
    ) -> list[object]:
        return [body, text, yes]

    return Running(service)


def test_an_optional_body_may_be_missing_whatever_its_type() -> None:
    outcome = optional().request(b"", headers={"content-type": "text/plain"})
    assert msgspec.json.decode(outcome.body) == [None, "default", False]
    assert msgspec.json.decode(optional().request(b"null", headers=JSON).body) == [
        None,
        "default",
        False,
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ((("text", "null"),), "null"),
        ((("text", ""),), ""),
        ((("text", "1"),), "1"),
        ((("text", "ok"), ("yes", "true")), "ok"),
    ],
)
def test_text_stays_text(query: tuple[tuple[str, str], ...], expected: str) -> None:
    assert msgspec.json.decode(optional().request(b"", query=query).body)[1] == expected


def texts() -> Running:
    """Parameters of the types that msgspec's lax mode takes more for than a document says."""
    service = Service("texts")

    @service.get("/", public=True)
    def read(
        *,
        at: datetime | None = None,
        wait: timedelta | None = None,
        ratio: float = 0,
        price: Decimal | None = None,
        prices: list[Decimal] | None = None,
        whole: int | None = None,
        yes: bool = False,
    ) -> None: ...

    return Running(service)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("at", "0"),
        ("at", "null"),
        ("at", "253402300800"),  # a year that Python does not have
        ("wait", "5"),
        ("ratio", "nan"),
        ("ratio", "inf"),
        ("ratio", "1e999"),
        ("price", "NaN"),
        ("prices", "-Infinity"),
        ("whole", "1.0"),
        ("whole", "null"),
        ("whole", "9" * 5000),
        ("yes", "1"),
    ],
)
def test_what_the_document_does_not_allow_is_refused_in_a_text_too(name: str, text: str) -> None:
    outcome = texts().request(b"", query=((name, text),))
    assert (outcome.status, outcome.entered) == (400, False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("at", "2026-01-01T00:00:00Z"),
        ("wait", "PT5S"),
        ("ratio", "1"),
        ("ratio", "-1.5e3"),
        ("ratio", "1E3"),
        ("price", "1.50"),
        ("prices", "7"),
        ("whole", "-7"),
        ("yes", "True"),
        ("yes", "false"),
    ],
)
def test_what_it_does_allow_is_read(name: str, text: str) -> None:
    assert texts().request(b"", query=((name, text),)).status == 200


def test_a_decimal_in_a_body_is_finite() -> None:
    service = Service("prices")

    @service.post("/", public=True)
    def note(body: list[Decimal | None]) -> None: ...

    outcome = Running(service).request(b'["1.5", 2, null, "NaN", "-inf"]', headers=JSON)
    assert (outcome.status, outcome.entered) == (400, False)
    assert document(outcome)["errors"] == [
        {"in": "body", "pointer": "/3", "detail": "Expected a finite number"},
        {"in": "body", "pointer": "/4", "detail": "Expected a finite number"},
    ]
    assert Running(service).request(b'["1.5", 2, null]', headers=JSON).status == 200


SHARED = whole()


@given(
    st.binary(max_size=200) | st.from_regex(rb'\{"part": ?\{.*\}', fullmatch=True),
    st.text(max_size=8),
    st.text(max_size=8),
)
def test_no_input_whatever_ends_in_a_500(body: bytes, text: str, number: str) -> None:
    outcome = SHARED.request(
        body,
        path={"id": number, "size": text},
        query=(("day", text), ("limit", number), ("mode", text), ("tag", text)),
        headers={**HEADERS, "x-numbers": number},
    )
    assert outcome.status in (200, 400), outcome
    assert outcome.entered == (outcome.status == 200)
