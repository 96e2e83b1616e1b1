"""The gateway without a socket: who may call what, and the reply for everything that reaches no handler."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.engine.gateway import Admission, HttpReply, HttpRequest
from oort.engine.store.direct import DirectStore
from tests.unit.engine.desk import Desk

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Door:
    """Requests to the desk."""

    def __init__(self) -> None:
        self.store = DirectStore()
        self.desk = Desk(self.store)
        self.gateway = self.desk.engine.gateway

    def ask(self, method: str, path: str, *, body: bytes = b"", query: str = "", **headers: str) -> HttpReply:
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


@pytest.mark.parametrize("path", ["/", "", "/nowhere", "/desk/1/2/3", "/desks", "/DESK/1", "//desk/1", "/desk//1"])
def test_an_unknown_path_is_404(path: str) -> None:
    reply = Door().ask("GET", path)
    assert (reply.status, reply.function) == (404, "")
    assert problem(reply)["detail"] == f"There is no route {path}."


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "HEAD", "OPTIONS", "TRACE", "get", ""])
def test_another_method_is_405_and_says_which_ones_are_there(method: str) -> None:
    reply = Door().ask(method, "/desk/private/all")
    assert (reply.status, dict(reply.headers)["allow"]) == (405, "GET, PUT")
    assert problem(reply)["allow"] == "GET, PUT"


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert Door().ask("GET", "/desk/1/").status == 200
    assert Door().ask("GET", "/desk/1//").status == 404


@pytest.mark.parametrize(
    ("raw", "id"),
    [("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%A5", "å"), ("%00", "\0"), ("a+b", "a+b"), ("%", "%"), ("%zz", "%zz")],
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
        groups: door.ask("GET", "/desk/private/room", authorization=door.bearer("ada", *groups)).status
        for groups in ((), ("guests",), ("staff",), ("admin", "guests"))
    }
    assert statuses == {(): 403, ("guests",): 403, ("staff",): 200, ("admin", "guests"): 200}
    refused = door.ask("GET", "/desk/private/room", authorization=door.bearer("ada"))
    assert problem(refused)["detail"] == "This route is for the groups: staff, admin."


def test_a_public_route_knows_its_caller_if_there_is_a_token() -> None:
    door = Door()
    for header, status, who in (("", 200, ""), (door.bearer("ada"), 200, "ada"), ("Basic YTpi", 200, "")):
        reply = door.ask("GET", "/desk/1", authorization=header)
        assert (reply.status, dict(reply.headers)["x-who"]) == (status, who)
    assert door.ask("GET", "/desk/1", authorization="Bearer nonsense").status == 401


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


def test_a_valid_traceparent_is_continued_and_the_span_hangs_below_it() -> None:
    door = Door()
    reply = door.ask("GET", "/desk/1", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert reply.trace == TRACE
    spans = {span.kind: span for span in door.desk.engine.traces.read(TRACE)}
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
    assert (reply.status, reply.function, problem(reply)["trace"]) == (500, "desk.fail", reply.trace)
    assert "hunter2" in reply.error
    assert b"hunter2" not in reply.body
    request = next(span for span in door.desk.engine.traces.read(reply.trace) if span.kind == "request")
    assert request.error == "500"


def test_a_failure_of_the_engine_itself_says_as_little() -> None:
    door = Door()
    admitted = door.gateway.admit(HttpRequest("GET", "/desk/1"))
    assert isinstance(admitted, Admission)
    reply = door.gateway.failed(admitted, OSError("disk full at 0x7f"))
    assert (reply.status, reply.function, problem(reply)["trace"]) == (500, "desk.show", admitted.trace)
    assert b"disk" not in reply.body
    assert "disk full at 0x7f" in reply.error


anything = st.text(max_size=30)
DOOR = Door()


@given(st.sampled_from(["GET", "POST", "PUT", "X"]), anything, anything, anything, st.binary(max_size=50))
def test_no_request_whatever_raises(method: str, path: str, query: str, header: str, body: bytes) -> None:
    for prefix in ("", "/desk", "/desk/"):
        reply = DOOR.ask(method, prefix + path, query=query, authorization=header, traceparent=header, body=body)
        assert 200 <= reply.status < 500 or reply.function == "desk.fail", reply
