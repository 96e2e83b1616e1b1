"""The gateway without a socket: who may call what, and the reply for everything that reaches no handler."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.gateway import LOGOUT, Admission, Gateway
from oort.engine.store.direct import DirectStore
from oort.model.errors import StateUnusable
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import Principal
from tests.unit.engine.desk import Desk

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Door:
    """Requests to the desk."""

    def __init__(self) -> None:
        self.store = DirectStore()
        self.desk = Desk(self.store)
        self.gateway = self.desk.engine.gateway

    def ask(
        self, method: str, path: str, *, body: bytes = b"", query: str = "", **headers: str
    ) -> HttpReply:
        """The reply; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        admitted = self.gateway.admit(HttpRequest(method, path, query, named))
        return self.gateway.answer(admitted, body) if isinstance(admitted, Admission) else admitted

    def bearer(self, user: str, *groups: str) -> str:
        """An Authorization header."""
        return f"Bearer {self.desk.callers.token(user, groups)}"


def problem(reply: HttpReply) -> dict[str, object]:
    """The problem, whose status is the reply's."""
    headers = dict(reply.headers)
    document = msgspec.json.decode(reply.body, type=dict[str, object])
    assert headers["content-type"] == "application/problem+json"
    assert headers["trace-id"] == reply.trace
    assert document["status"] == reply.status
    return document


# -- routes


@pytest.mark.parametrize(
    "path", ["/", "", "/nowhere", "/desk/1/2/3", "/desks", "/DESK/1", "//desk/1", "/desk//1"]
)
def test_an_unknown_path_is_404(path: str) -> None:
    reply = Door().ask("GET", path)
    assert (reply.status, reply.function) == (404, "")
    assert problem(reply)["detail"] == f"There is no route {path}."


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "OPTIONS", "TRACE", "get", ""])
def test_another_method_is_405_and_says_which_ones_are_there(method: str) -> None:
    reply = Door().ask(method, "/desk/private/all")
    assert (reply.status, dict(reply.headers)["allow"]) == (405, "GET, HEAD, PUT")
    assert problem(reply)["allow"] == "GET, HEAD, PUT"


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert Door().ask("GET", "/desk/1/").status == 200
    assert Door().ask("GET", "/desk/1//").status == 404


@pytest.mark.parametrize(
    ("raw", "id"),
    [
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("%C3%A5", "å"),
        ("%00", "\0"),
        ("a+b", "a+b"),
        ("%", "%"),
        ("%zz", "%zz"),
    ],
)
def test_a_path_parameter_is_decoded_after_the_path_is_split(raw: str, id: str) -> None:
    reply = Door().ask("GET", f"/desk/{raw}")
    assert dict(reply.headers)["x-id"] == id.encode().hex()


@pytest.mark.parametrize("path", ["/desk/%FF", "/desk/%C3"])
def test_a_path_that_is_not_utf_8_is_400(path: str) -> None:
    reply = Door().ask("GET", path)
    assert (reply.status, problem(reply)["detail"]) == (400, "The path is not UTF-8.")


def test_a_query_is_decoded_and_an_unreadable_one_is_400() -> None:
    door = Door()
    assert dict(door.ask("GET", "/desk/1", query="word=a+b%26c").headers)["x-word"] == "a b&c"
    for query in ("word=%FF", "&".join(["a=1"] * 1001)):
        reply = door.ask("GET", "/desk/1", query=query)
        assert (reply.status, reply.function) == (400, "desk.show")
        assert problem(reply)["detail"] == "The query string is not readable."


# -- callers


def test_a_private_route_without_a_token_is_401_before_anything_else() -> None:
    for path in ("/desk/private/room", "/desk/private/all"):
        reply = Door().ask("GET", path)
        assert (reply.status, dict(reply.headers)["www-authenticate"]) == (401, "Bearer")
        assert "Authorization: Bearer TOKEN" in str(problem(reply)["detail"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "Bearer nonsense", "bearer 0.ada2"]
)
def test_what_is_no_valid_token_is_401(header: str) -> None:
    door = Door()
    door.bearer("ada")
    assert door.ask("GET", "/desk/private/all", authorization=header).status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(scheme: str) -> None:
    door = Door()
    token = door.bearer("ada").partition(" ")[2]
    reply = door.ask("GET", "/desk/private/all", authorization=f"{scheme}  {token}")
    assert (reply.status, reply.body) == (200, b'"ada"')


def test_a_route_for_groups_takes_members_of_one_of_them() -> None:
    door = Door()
    statuses = {
        groups: door.ask(
            "GET", "/desk/private/room", authorization=door.bearer("ada", *groups)
        ).status
        for groups in ((), ("guests",), ("staff",), ("admin", "guests"))
    }
    assert statuses == {(): 403, ("guests",): 403, ("staff",): 200, ("admin", "guests"): 200}
    refused = door.ask("GET", "/desk/private/room", authorization=door.bearer("ada"))
    assert problem(refused)["detail"] == "This route is for the groups: staff, admin."


def test_a_public_route_knows_its_caller_if_there_is_a_token() -> None:
    door = Door()
    for header, status, who in (
        ("", 200, ""),
        (door.bearer("ada"), 200, "ada"),
        ("Basic YTpi", 200, ""),
    ):
        reply = door.ask("GET", "/desk/1", authorization=header)
        assert (reply.status, dict(reply.headers)["x-who"]) == (status, who)
    assert door.ask("GET", "/desk/1", authorization="Bearer nonsense").status == 401


def test_head_is_answered_as_get_is() -> None:
    door = Door()
    assert door.ask("HEAD", "/desk/1").status == 200
    assert door.ask("HEAD", "/desk/private/all").status == 401
    assert door.ask("HEAD", "/desk").status == 405


def test_a_token_and_an_api_key_at_once_are_refused() -> None:
    door = Door()
    both = door.ask(
        "GET", "/desk/private/all", authorization=door.bearer("ada"), x_api_key="oort_x_y"
    )
    assert both.status == 401
    assert door.ask("GET", "/desk/1", x_api_key="nonsense").status == 401


class BrokenIdentity:
    """An issuer whose files cannot be read."""

    def verify(self, token: str) -> Principal:
        """Fail."""
        raise StateUnusable("signing-key.pem is damaged.")

    holder = verify

    def revoke(self, token: str) -> None:
        """Fail."""
        self.verify(token)


def test_nobody_gets_in_while_the_issuer_is_broken_and_the_log_says_why() -> None:
    door = Door()
    gateway = Gateway(
        door.desk.engine.program.model,
        identity=BrokenIdentity(),
        invoker=door.desk.engine.invoker,
        traces=door.desk.engine.ports.traces,
        clock=VirtualClock(),
        entropy=SeededEntropy(1),
    )
    headers = {"authorization": "Bearer x"}
    refused = gateway.admit(HttpRequest("GET", "/desk/private/all", headers=headers))
    assert isinstance(refused, HttpReply)
    for reply in (refused, gateway.logout(HttpRequest("POST", LOGOUT, headers=headers))):
        assert (reply.status, b"damaged" in reply.body, "damaged" in reply.error) == (
            503,
            False,
            True,
        )
        assert dict(reply.headers)["retry-after"] == "1"


def test_a_logout_without_a_token_is_401_and_with_one_it_ends_that() -> None:
    door = Door()
    bearer = door.bearer("ada")
    assert door.gateway.logout(HttpRequest("POST", LOGOUT)).status == 401
    assert (
        door.gateway.logout(HttpRequest("POST", LOGOUT, headers={"authorization": bearer})).status
        == 204
    )
    assert door.ask("GET", "/desk/private/all", authorization=bearer).status == 401


# -- headers of every reply


def test_every_reply_is_guarded_and_what_is_private_is_cached_nowhere() -> None:
    door = Door()
    public, private, wrong = (
        door.ask("GET", "/desk/1"),
        door.ask("GET", "/desk/private/all", authorization=door.bearer("ada")),
        door.ask("GET", "/nowhere"),
    )
    for reply in (public, private, wrong):
        headers = dict(reply.headers)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in headers
        assert not [name for name in headers if name.startswith("access-control")]
    assert [dict(one.headers).get("cache-control") for one in (public, private, wrong)] == [
        None,
        "no-store",
        "no-store",
    ]
    known = door.ask("GET", "/desk/1", authorization=door.bearer("ada"))
    assert dict(known.headers)["cache-control"] == "no-store"


# -- limits


def test_headers_over_10_240_bytes_are_431() -> None:
    door = Door()
    assert door.ask("GET", "/desk/1", x="a" * 10_239).status == 200
    reply = door.ask("GET", "/desk/1", x="a" * 10_240)
    assert (reply.status, problem(reply)["detail"]) == (431, "The headers may have 10,240 bytes.")


def test_a_body_that_is_too_large_is_413() -> None:
    door = Door()
    admitted = door.gateway.admit(HttpRequest("POST", "/desk"))
    assert isinstance(admitted, Admission)
    reply = door.gateway.too_large(admitted)
    assert (reply.status, reply.function) == (413, "desk.ring")
    assert problem(reply)["detail"] == "The body may have 6,291,456 bytes."


# -- traces


def test_every_refusal_can_be_found_by_the_trace_that_it_carries() -> None:
    door = Door()
    admitted = door.gateway.admit(HttpRequest("POST", "/desk"))
    assert isinstance(admitted, Admission)
    replies = [
        door.ask("GET", "/nowhere"),
        door.ask("PUT", "/desk/1"),
        door.ask("GET", "/desk/private/all"),
        door.ask("GET", "/desk/private/room", authorization=door.bearer("ada")),
        door.ask("GET", "/desk/1", x="a" * 10_240),
        door.ask("GET", "/desk/1", query="word=%FF"),
        door.gateway.too_large(admitted),
        door.gateway.failed(admitted, OSError("disk")),
    ]
    for reply in replies:
        spans = [
            span
            for span in door.desk.engine.ports.traces.read(reply.trace)
            if span.detail.get("status") == str(reply.status)
        ]
        assert [span.kind for span in spans] == ["request"], reply.status
    assert [reply.status for reply in replies] == [404, 405, 401, 403, 431, 400, 413, 500]
    unmatched = door.desk.engine.ports.traces.read(replies[0].trace)[0]
    assert (unmatched.name, unmatched.service, unmatched.error) == ("GET /nowhere", "gateway", "")


def test_a_span_holds_the_beginning_of_a_long_or_strange_path() -> None:
    door = Door()
    reply = door.ask("GET", "/å" + "x" * 9000)
    assert len(door.desk.engine.ports.traces.read(reply.trace)[0].name) < 300


def test_a_valid_traceparent_is_continued_and_the_span_hangs_below_it() -> None:
    door = Door()
    reply = door.ask("GET", "/desk/1", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert reply.trace == TRACE
    spans = {span.kind: span for span in door.desk.engine.ports.traces.read(TRACE)}
    assert spans["request"].parent == "00f067aa0ba902b7"
    assert spans["function"].parent == spans["request"].id
    assert spans["operation"].parent == spans["function"].id
    assert (spans["request"].name, spans["request"].detail) == ("GET /desk/{id}", {"status": "200"})


@pytest.mark.parametrize(
    "header", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"01-{TRACE}-00f067aa0ba902b7"]
)
def test_an_invalid_traceparent_is_replaced(header: str) -> None:
    reply = Door().ask("GET", "/nowhere", traceparent=header)
    assert len(reply.trace) == 32
    assert reply.trace != TRACE


def test_a_handler_that_fails_is_a_500_whose_traceback_only_the_log_gets() -> None:
    door = Door()
    reply = door.ask("PUT", "/desk/private/all")
    assert (reply.status, reply.function, problem(reply)["trace"]) == (
        500,
        "desk.fail",
        reply.trace,
    )
    assert "hunter2" in reply.error
    assert b"hunter2" not in reply.body
    request = next(
        span for span in door.desk.engine.ports.traces.read(reply.trace) if span.kind == "request"
    )
    assert request.error == "500"


def test_a_failure_of_the_engine_itself_says_as_little() -> None:
    door = Door()
    admitted = door.gateway.admit(HttpRequest("GET", "/desk/1"))
    assert isinstance(admitted, Admission)
    reply = door.gateway.failed(admitted, OSError("disk full at 0x7f"))
    assert (reply.status, reply.function, problem(reply)["trace"]) == (
        500,
        "desk.show",
        admitted.arrival.trace,
    )
    assert b"disk" not in reply.body
    assert "disk full at 0x7f" in reply.error


anything = st.text(max_size=30)
DOOR = Door()


@given(
    st.sampled_from(["GET", "POST", "PUT", "X"]),
    anything,
    anything,
    anything,
    st.binary(max_size=50),
)
def test_no_request_whatever_raises(
    method: str, path: str, query: str, header: str, body: bytes
) -> None:
    for prefix in ("", "/desk", "/desk/"):
        reply = DOOR.ask(
            method, prefix + path, query=query, authorization=header, traceparent=header, body=body
        )
        assert 200 <= reply.status < 500 or reply.function == "desk.fail", reply
