"""The API document: what each kind of route, parameter, reply and problem becomes, always in the same bytes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from oort import Forbidden, Header, NotFound, Principal, Problem, Reply, Service
from oort.app.documents import openapi
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram
from tests.fuzz.every_kind import kinds

ROOT = Path(__file__).parents[4]
WHOLE = openapi.document(load([kinds], name="kinds"))


Code = Annotated[str, Meta(pattern="^(?=a)b[0-9]{9}$")]


class Odd:
    """Unknown to msgspec."""


class SoldOut(Problem):
    """There is none left."""

    status = 409


class Gone(Problem):
    """It went away"""

    status = 409


def operation(service: Service) -> dict[str, Any]:
    """The only route of the service."""
    ((only,),) = (
        [list(methods.values()) for methods in openapi.document(load([service]))["paths"].values()],
    )
    found: dict[str, Any] = only[0]
    return found


def of_kinds(method: str, path: str) -> dict[str, Any]:
    """A route of the service with every kind."""
    found: dict[str, Any] = WHOLE["paths"][path][method]
    return found


def test_the_document_names_the_platform_and_its_services() -> None:
    assert (WHOLE["openapi"], WHOLE["info"]["title"], WHOLE["tags"]) == (
        "3.1.0",
        "kinds",
        [{"name": "kinds"}],
    )
    assert WHOLE["servers"] == [{"url": "/"}]
    assert list(WHOLE["paths"]) == sorted(WHOLE["paths"])
    assert openapi.document(load([kinds]), server="https://api.example.com")["servers"][0][
        "url"
    ].startswith("https")


def test_the_version_changes_with_what_the_document_says_and_only_then() -> None:
    def described(words: str) -> Any:
        made = Service("made")

        def handler() -> None: ...

        handler.__doc__ = words
        made.get("/", public=True)(handler)
        return openapi.document(load([made]))["info"]["version"]

    assert described("Same.") == described("Same.")
    assert described("Same.") != described("Other.")


def test_an_operation_is_named_and_described() -> None:
    keep = of_kinds("put", "/kinds/things/{id}/{day}")
    assert (keep["operationId"], keep["tags"]) == ("kinds.keep", ["kinds"])
    assert (keep["summary"], keep["description"]) == (
        "Keep a thing.",
        "It is given back as it came.",
    )
    assert of_kinds("get", "/kinds/pages/colours")["summary"] == "Colours"


def test_parameters_say_where_they_are_and_what_they_may_be() -> None:
    found = {one["name"]: one for one in of_kinds("put", "/kinds/things/{id}/{day}")["parameters"]}
    assert {name: (one["in"], one["required"]) for name, one in found.items()} == {
        "id": ("path", True), "day": ("path", True), "colour": ("query", True),
        "idempotency-key": ("header", True), "many": ("query", False), "ratio": ("query", False),
        "price": ("query", False), "flag": ("query", False), "since": ("query", False),
        "wait": ("query", False), "x-words": ("header", False),
    }  # fmt: skip
    assert found["ratio"]["schema"] == {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.5,
    }
    assert found["since"]["schema"]["default"] == "2026-01-02T12:00:00Z"
    assert found["many"]["schema"]["type"] == "array"  # never null: it may be left out
    assert "default" not in found["many"]["schema"]
    assert found["colour"]["schema"] == {"$ref": "#/components/schemas/Colour"}
    assert found["colour"]["example"] == "red"
    drop = of_kinds("delete", "/kinds/things/{id}")["parameters"]
    assert drop[0]["schema"] == {"minLength": 1, "type": "string"}


def test_a_union_or_a_described_parameter_keeps_what_it_says() -> None:
    shop = Service("shop")

    @shop.get("/", public=True)
    def find(
        by: Annotated[int, Meta(description="A number.")] | bool | None = None,
        word: Annotated[str, Meta(description="A word.")] = "",
        accept: Annotated[str, Header("Accept")] = "",
    ) -> None: ...

    by, word = operation(shop)["parameters"]  # OpenAPI has no parameter for the header Accept
    assert sorted(one["type"] for one in by["schema"]["anyOf"]) == ["boolean", "integer"]
    assert word["description"] == "A word."


def test_a_body_is_required_unless_it_has_a_default_and_has_an_example() -> None:
    body = of_kinds("put", "/kinds/things/{id}/{day}")["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ThingInput"
    }
    assert body["content"]["application/json"]["example"]["firstName"] == "firstName"
    assert of_kinds("post", "/kinds/maybe")["requestBody"]["required"] is False


def test_a_type_without_an_example_has_none() -> None:
    shop = Service("shop")

    @shop.post("/{code}", public=True)
    def find(code: Code, body: Code) -> None: ...

    found = operation(shop)
    assert "example" not in found["parameters"][0]
    assert "example" not in found["requestBody"]["content"]["application/json"]


def answer(service: Service, status: str = "200") -> dict[str, Any]:
    found: dict[str, Any] = operation(service)["responses"][status]
    return found


def test_what_a_handler_returns_is_what_a_success_holds() -> None:
    maybe = of_kinds("post", "/kinds/maybe")["responses"]["202"]
    assert maybe["description"] == "Accepted"
    assert maybe["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Square"}
    assert maybe["headers"] == {"trace-id": {"$ref": "#/components/headers/trace-id"}}
    page = of_kinds("get", "/kinds/pages/colours")["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    assert page == {"$ref": "#/components/schemas/Page_Colour"}
    assert "content" not in of_kinds("delete", "/kinds/things/{id}")["responses"]["204"]
    assert of_kinds("get", "/kinds/unknown")["responses"]["200"]["content"] == {"*/*": {}}


def test_a_reply_that_may_be_nothing_says_so() -> None:
    shop = Service("shop")

    @shop.get("/", public=True)
    def find() -> int | None: ...

    found = answer(shop)
    assert found["description"] == "OK"
    schema = found["content"]["application/json"]["schema"]
    assert schema == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


def test_a_reply_of_nothing_has_no_content() -> None:
    shop = Service("shop")

    @shop.get("/", public=True)
    def find() -> Reply[None]:
        return Reply(None)

    assert "content" not in answer(shop)


def test_declared_problems_stand_beside_the_gateways() -> None:
    shop = Service("shop")

    @shop.post("/", groups=["staff", "admin"], raises=[SoldOut, Gone, Forbidden, NotFound])
    def find(body: int) -> None: ...

    responses = operation(shop)["responses"]
    assert list(responses) == [
        "200", "400", "401", "403", "404", "408", "409", "413", "415", "429", "431", "500", "503", "504"
    ]  # fmt: skip
    assert responses["409"]["description"] == "There is none left. It went away."
    assert sorted(responses["409"]["content"]["application/problem+json"]["examples"]) == [
        "gone",
        "sold-out",
    ]
    assert responses["403"]["description"].startswith(
        "The caller may not do this. The route is for its owner or"
    )
    assert responses["400"] == {"$ref": "#/components/responses/invalid"}
    assert operation(shop)["security"] == [
        {"bearer": ["admin"]}, {"api-key": ["admin"]}, {"bearer": ["staff"]}, {"api-key": ["staff"]}
    ]  # fmt: skip


def test_a_header_of_an_optional_parameter_is_a_header() -> None:
    shop = Service("shop")

    @shop.get("/", public=True)
    def find(words: Annotated[list[str], Header("X-Words")] | None = None) -> None: ...

    assert [(one["in"], one["name"]) for one in operation(shop)["parameters"]] == [
        ("header", "x-words")
    ]


def test_without_a_body_or_groups_there_is_less_to_refuse() -> None:
    assert list(of_kinds("get", "/kinds/unknown")["responses"]) == [
        "200",
        "400",
        "401",
        "429",
        "431",
        "500",
        "503",
        "504",
    ]


def test_who_may_call_is_said_for_each_route() -> None:
    assert of_kinds("get", "/kinds/unknown")["security"] == []
    assert of_kinds("post", "/kinds/maybe")["security"] == [{}, {"bearer": []}, {"api-key": []}]
    assert of_kinds("put", "/kinds/things/{id}/{day}")["security"] == [
        {"bearer": []},
        {"api-key": []},
    ]
    assert WHOLE["components"]["securitySchemes"]["bearer"]["bearerFormat"] == "JWT"


def test_a_route_with_an_owner_takes_any_token_and_may_refuse_it() -> None:
    shop = Service("shop")

    @shop.get("/{id}", owner="id", groups=["support"])
    def find(id: str) -> None: ...

    assert operation(shop)["security"] == [{"bearer": []}, {"api-key": []}]
    assert "403" in operation(shop)["responses"]


def test_two_services_may_both_have_an_account() -> None:
    made = []
    for name in ("billing", "orders"):
        service = Service(name)
        kind = msgspec.defstruct("Account", [(name, int)], module=f"shop.{name}.store")

        def handler(body, who):  # type: ignore[no-untyped-def]
            return body

        handler.__annotations__ = {"body": kind, "who": Principal, "return": kind}
        service.post("/")(handler)
        made.append(service)
    found = openapi.document(load(made))["components"]["schemas"]
    assert [name for name in found if not name.startswith("oort.")] == [
        "billing.store.Account", "billing.store.AccountInput", "orders.store.Account", "orders.store.AccountInput"
    ]  # fmt: skip


def test_a_type_that_cannot_be_described_names_the_function_and_its_line() -> None:
    shop = Service("shop")

    @shop.get("/", public=True)
    def find() -> list[Odd]:
        return []

    with pytest.raises(InvalidProgram) as refused:
        openapi.document(load([shop], checked=True))
    (mistake,) = refused.value.mistakes
    assert (mistake.code, mistake.what) == ("openapi.type", "shop.find: Odd has no JSON Schema.")
    assert mistake.source.file == __file__


def test_the_same_program_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys; from oort.app.documents import openapi; from oort.app.loading.loader import load;"
        "from tests.fuzz.every_kind import kinds; sys.stdout.buffer.write(openapi.encoded(load([kinds], name='kinds')))"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1] == openapi.encoded(load([kinds], name="kinds"))
