"""What a change of routes breaks, told by the documents that the program writes of itself."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import jsonschema_rs
import msgspec
import pytest
from msgspec import Meta

from oort import Can, Header, Principal, Service, Table
from oort.app.documents import declared_contracts
from oort.app.loading.loader import load
from oort.model.contracts import DeclaredContracts, Finding, Locks, Weight
from oort.rules.contracts import acceptances, api_changes, data_changes, locks, routes

Define = Callable[[Service], object]

# Two patterns that cannot be compared, and a text for both.
WIDE, OTHER, BOTH = "a{7000}", "a{6900}", "a" * 7000


class Order(msgspec.Struct):
    sku: str
    count: int = 1


class Strict(msgspec.Struct):
    sku: Annotated[str, Meta(max_length=3)]
    count: int = 1


class Other(msgspec.Struct):
    sku: str
    count: int = 2


class Fewer(msgspec.Struct):
    sku: str


class More(msgspec.Struct):
    sku: str
    count: int = 1
    note: str = ""


class Odd(msgspec.Struct):
    sku: Annotated[str, Meta(pattern="(?=a)a")]


def api(*define: Define) -> DeclaredContracts:
    shop = Service("shop")
    for one in define:
        one(shop)
    return declared_contracts.declared(load([shop]))


def locked(whole: DeclaredContracts, *, stage: str = "prod") -> Locks:
    return Locks({}, {name: locks.api(one, None, stage=stage) for name, one in whole.apis.items()})


def findings(before: Define, now: Define) -> list[Finding]:
    return list(api_changes.findings(api(now), locked(api(before))))


def objections(before: Define, now: Define) -> list[tuple[str, object]]:
    """Code and witness of everything that fails; a change that breaks nobody has to be locked, and that is left out."""
    found = [
        one
        for one in findings(before, now)
        if one.weight is Weight.OBJECTION and one.code != "api.outdated"
    ]
    assert all(
        one.source and one.source.file == __file__ for one in found if one.code != "api.removed"
    )
    return [(one.code, one.witness[0] if one.witness else None) for one in found]


def codes(before: Define, now: Define) -> list[str]:
    return [one.code for one in findings(before, now)]


def get(path: str = "/{id}", **words: Any) -> Define:
    def define(shop: Service) -> None:
        @shop.get(path, **{"public": True, **words})
        def show(id: str) -> str:
            return id

    return define


def post(kind: Any, **words: Any) -> Define:
    def define(shop: Service) -> None:
        def order(body: Any) -> None: ...

        order.__annotations__["body"] = kind
        shop.post("/", public=True, **words)(order)

    return define


def replies(kind: Any) -> Define:
    def define(shop: Service) -> None:
        def show() -> Any: ...

        show.__annotations__["return"] = kind
        shop.get("/", public=True)(show)

    return define


def asks(**parameters: Any) -> Define:
    """A route with query parameters: a type, or a type and its default."""

    def define(shop: Service) -> None:
        words = ", ".join(f"{name}: {name}_kind" + (f" = {value[1]!r}" if isinstance(value, tuple) else "") for name, value in parameters.items())  # fmt: skip
        kinds = {
            f"{name}_kind": value[0] if isinstance(value, tuple) else value
            for name, value in parameters.items()
        }
        exec(f"def search({words}) -> None: ...", kinds)
        shop.get("/", public=True)(kinds["search"])

    return define


def test_what_is_in_step_is_silent_and_what_is_not_locked_is_said() -> None:
    assert codes(get(), get()) == []
    whole = api(get())
    assert [one.code for one in api_changes.findings(whole, Locks())] == ["api.unlocked"]
    drafts = locked(whole, stage="")
    assert [one.code for one in api_changes.findings(api(get(), post(Order)), drafts)] == [
        "api.draft"
    ]
    assert [one.code for one in api_changes.findings(DeclaredContracts(), drafts)] == ["api.left"]


def test_more_is_no_break_and_is_to_be_locked() -> None:
    assert codes(post(Order), post(More)) == ["api.outdated"]
    assert [
        one.code for one in api_changes.findings(api(get(), post(Order)), locked(api(get())))
    ] == ["api.outdated"]
    assert codes(asks(a=str), asks(a=str, b=(str, "x"))) == ["api.outdated"]
    assert codes(get(path="/{id}"), get(path="/{id}", raises=[])) == []


def test_a_route_that_is_gone_is_named_with_a_request() -> None:
    (one,) = api_changes.findings(api(post(Order)), locked(api(get(), post(Order))))
    assert (one.code, one.route, one.witness) == (
        "api.removed",
        "GET /shop/{id}",
        ("GET /shop/example",),
    )
    assert one.instead.endswith("oort contracts accept shop --route 'GET /shop/{id}' --reason '…'.")
    (all_gone,) = api_changes.findings(DeclaredContracts(), locked(api(get())))
    assert all_gone.code == "api.removed"


def test_another_name_in_the_path_is_no_change() -> None:
    def named(shop: Service) -> None:
        @shop.get("/{key}", public=True)
        def show(key: str) -> str:
            return key

    assert codes(get(), named) == ["api.outdated"]


def test_a_parameter_of_the_path_may_not_take_less() -> None:
    def numbered(shop: Service) -> None:
        @shop.get("/{id}", public=True)
        def show(id: int) -> str:
            return str(id)

    (one,) = [one for one in findings(get(), numbered) if one.weight is Weight.OBJECTION]
    assert (one.code, one.what) == (
        "api.parameter",
        "The path parameter id accepts less than before.",
    )


def test_what_was_open_stays_open() -> None:
    assert objections(get(), get(public=False)) == [
        ("api.private", "GET /shop/example without a token")
    ]
    assert objections(get(public=False), get(public=False, groups=["a"])) == [
        ("api.private", "GET /shop/example by a caller without a group")
    ]
    assert objections(get(public=False, groups=["a", "b"]), get(public=False, groups=["b"])) == [
        ("api.private", "GET /shop/example by a caller of the group a")
    ]
    assert objections(get(public=False, groups=["a"]), get(public=False, groups=["a", "b"])) == []
    assert objections(get(public=False, groups=["a"]), get(public=False)) == []
    assert objections(get(public=False), get()) == []

    def known(shop: Service) -> None:
        @shop.get("/{id}", public=True)
        def show(id: str, who: Principal | None) -> str:
            return id

    assert objections(get(), known) == []


def test_parameters_may_come_and_not_be_needed() -> None:
    assert objections(asks(a=str), asks(a=str, b=str)) == [
        ("api.parameter", "GET /shop?a=example without b")
    ]
    assert objections(asks(a=(int, 1)), asks(a=int)) == [("api.parameter", "GET /shop without a")]
    ((code, witness),) = objections(asks(a=(int, 1)), asks(a=(Annotated[int, Meta(ge=0)], 1)))
    assert (code, isinstance(witness, int) and witness < 0) == ("api.parameter", True)
    assert codes(asks(a=(int, 1)), asks(a=(int, 2))) == ["api.default", "api.outdated"]
    assert codes(asks(a=str, b=(str, "")), asks(a=str)) == ["api.parameter-gone", "api.outdated"]
    assert codes(asks(a=int), asks(a=(int, 1))) == ["api.outdated"]


def test_a_parameter_that_cannot_be_decided_is_refused() -> None:
    before, now = (
        Annotated[str, Meta(pattern=pattern, examples=[BOTH])] for pattern in (WIDE, OTHER)
    )
    (one,) = [
        one for one in findings(asks(a=before), asks(a=now)) if one.weight is Weight.OBJECTION
    ]
    assert one.what.startswith(
        "The query parameter a may accept less than before: this cannot be decided"
    )


def test_headers_are_parameters_too() -> None:
    def headed(shop: Service) -> None:
        @shop.get("/", public=True)
        def search(a: str, trace: Annotated[str, Header("X-Trace")]) -> None: ...

    assert objections(asks(a=str), headed) == [
        ("api.parameter", "GET /shop?a=example without x-trace")
    ]


@pytest.mark.parametrize(
    ("kind", "code"), [(Strict, "api.body"), (Fewer, "api.body"), (Odd, "api.body")]
)
def test_a_body_takes_what_it_took(kind: type, code: str) -> None:
    ((found, witness),) = objections(post(Order), post(kind))
    assert found == code
    schema = msgspec.json.schema(kind)
    schema["$defs"][kind.__name__]["additionalProperties"] = False
    assert not jsonschema_rs.is_valid(schema, witness)


def test_a_body_that_cannot_be_decided_is_refused() -> None:
    class Before(msgspec.Struct):
        sku: Annotated[str, Meta(pattern=WIDE, examples=[BOTH])]

    class Now(msgspec.Struct):
        sku: Annotated[str, Meta(pattern=OTHER, examples=[BOTH])]

    (one,) = [one for one in findings(post(Before), post(Now)) if one.weight is Weight.OBJECTION]
    assert (one.code, one.witness, one.name) == ("api.unknown", None, "sku")
    assert one.what.startswith("The body, sku, may accept less than before: this cannot be decided")


def test_a_body_comes_and_goes() -> None:
    def bare(shop: Service) -> None:
        @shop.post("/", public=True)
        def order() -> None: ...

    assert objections(bare, post(Order)) == [("api.body", "POST /shop without a body")]
    assert codes(post(Order), bare) == ["api.body-gone", "api.outdated"]
    assert codes(post(Order), post(Other)) == ["api.default", "api.outdated"]


def test_replies_stay_what_clients_read() -> None:
    assert codes(replies(Order), replies(More)) == ["api.outdated"]
    (one,) = [
        one for one in findings(replies(Order), replies(Fewer)) if one.weight is Weight.OBJECTION
    ]
    assert (one.code, one.name) == ("api.reply", "count")
    assert one.refuses == "the schema of the reply in contracts/shop/openapi.json"
    assert [code for code, _ in objections(replies(int), replies(str))] == ["api.reply"]
    assert objections(replies(Order), replies(None)) == [("api.reply", "no body")]
    assert objections(replies(Order), replies(Any)) == [("api.reply", "any body")]
    assert objections(replies(Order), replies(Order | None)) == [("api.reply", None)]
    assert objections(replies(Order | None), replies(Order)) == []
    assert objections(replies(None), replies(Order)) == []
    assert objections(replies(Any), replies(Order)) == []


def test_a_reply_without_a_body_of_an_older_lock_is_null_now() -> None:
    document = api(replies(Order | None)).apis["shop"].document
    (route,) = routes.routes(document).values()
    older = json.loads(json.dumps(document))
    success = older["paths"]["/shop"]["get"]["responses"]["200"]
    success["description"] = "OK; without a body if there is nothing to show"
    media = success["content"]["application/json"]
    (media["schema"],) = (arm for arm in media["schema"]["anyOf"] if arm != {"type": "null"})
    (same,) = routes.routes(older).values()
    assert same.reply.schema == route.reply.schema


def test_a_reply_that_cannot_be_decided_is_refused() -> None:
    found = findings(
        replies(Annotated[str, Meta(pattern=OTHER, examples=[BOTH])]),
        replies(Annotated[str, Meta(pattern=WIDE, examples=[BOTH])]),
    )
    assert [one.code for one in found if one.weight is Weight.OBJECTION] == ["api.unknown"]
    assert found[0].what.startswith("The reply may have changed: this cannot be decided")


def test_a_success_keeps_its_status() -> None:
    assert objections(post(Order, status=201), post(Order, status=202)) == [("api.status", 202)]


def test_the_example_of_a_request_holds_numbers_as_they_are() -> None:
    def numbered(shop: Service) -> None:
        @shop.get("/{id}", public=True)
        def show(id: int, day: Annotated[int, Meta(ge=5)]) -> None: ...

    (one,) = routes.routes(api(numbered).apis["shop"].document).values()
    assert one.asked() == "GET /shop/1?day=5"


def test_a_document_without_routes_has_none() -> None:
    assert routes.routes({}) == {}


def test_any_text_may_be_sent_to_a_parameter_that_becomes_text() -> None:
    assert [
        one for one in findings(asks(a=int), asks(a=str)) if one.weight is Weight.OBJECTION
    ] == []
    narrower = Annotated[str, Meta(max_length=1)]
    assert objections(asks(a=int), asks(a=narrower)) != []


def owned(owner: str, groups: tuple[str, ...] = ()) -> Define:
    def declare(shop: Service) -> None:
        @shop.get("/{id}/{other}", owner=owner, groups=groups)
        def read(id: str, other: str) -> None: ...

    return declare


def test_a_route_for_its_owner_is_narrower() -> None:
    (code, witness) = objections(owned(""), owned("id"))[0]
    assert code == "api.private"
    assert "not the owner" in str(witness)
    assert objections(owned("id"), owned("other")) != []
    assert objections(owned("id"), owned("id")) == []
    assert objections(owned("id"), owned("")) == []


class Pair(msgspec.Struct, array_like=True):
    net: int
    tax: int


class Turned(msgspec.Struct, array_like=True):
    tax: int
    net: int


def test_fields_by_position_keep_their_order() -> None:
    assert [code for code, _ in objections(post(Pair), post(Turned))].count("api.position") >= 2
    reply = [one for one in findings(replies(Pair), replies(Turned)) if one.code == "api.position"]
    assert [(one.name, one.pointer) for one in reply] == [("net", "/0"), ("tax", "/1")]


def test_the_end_of_all_routes_is_accepted_one_by_one() -> None:
    before = locked(api(get()))
    found = list(api_changes.findings(DeclaredContracts(), before))
    (lock,) = acceptances.accept(
        DeclaredContracts(), before, found, "Over.", fits=data_changes.fits
    ).written
    after = before.replaced([lock])
    assert list(api_changes.findings(DeclaredContracts(), after)) == []


def test_a_reply_that_changed_with_the_items_of_a_table_names_it() -> None:
    def stored(item: type[object]) -> Define:
        def define(shop: Service) -> None:
            @shop.table("orders", key="sku")
            class Orders(Table[str, item, Can]): ...  # type: ignore[valid-type]

            replies(item)(shop)

        return define

    (broken,) = findings(stored(Order), stored(Fewer))
    assert broken.code == "api.reply"
    hint = "The reply has the type of the items of shop.orders: give the route a type of its own. "
    assert broken.instead.startswith(hint)
    (plain,) = findings(replies(Order), replies(Fewer))
    assert broken.instead == hint + plain.instead
