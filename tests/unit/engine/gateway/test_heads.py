"""The Host header must be a name of the server, and a body has one transfer coding."""

from collections.abc import Iterable

import msgspec
import pytest

from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.asgi import GatewayApp
from oort.engine.gateway.gateway import LOGOUT
from oort.engine.gateway.heads import LOOPBACK
from oort.engine.threads import Threads
from oort.model.http import FixedPage
from tests.unit.engine.gateway.test_asgi import Server


def ask(
    server: Server,
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    path: str = "/desk/1",
    version: str = "1.1",
) -> tuple[int, str]:
    """Status and detail of the reply to a request without a body."""
    scope = {
        "type": "http",
        "http_version": version,
        "method": method,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    start, body = server.run(scope, [{"type": "http.request"}])
    detail = "" if start["status"] < 400 else msgspec.json.decode(body["body"])["detail"]
    return start["status"], detail


def local() -> Server:
    """The server of the other tests, with a page, as it listens on the loopback interface."""
    server = Server()
    server.app = GatewayApp(
        server.desk.engine.gateway,
        answers=InThreads(server.desk.engine.gateway, Threads(1)),
        access=server._note,
        pages={"/_oort/page": FixedPage("text/html", b"<p>hello")},
        hosts=LOOPBACK,
    )
    return server


def hosts(*names: str) -> Iterable[tuple[bytes, bytes]]:
    """Return Host headers."""
    return [(b"host", name.encode("latin-1")) for name in names]


@pytest.mark.parametrize(
    "name", ["localhost", "LocalHost:8000", "127.0.0.1:1", "127.0.0.1", "[::1]", "[::1]:80", "localhost:"]
)  # fmt: skip
def test_a_name_of_the_loopback_interface_is_answered_with_any_port(name: str) -> None:
    with local() as server:
        assert ask(server, *hosts(name)) == (200, "")


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost:80:80",
        "localhost:x",
        "localhost:\xb2",
        "localhost, evil.example",
        "",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/desk/1"), ("GET", "/_oort/page"), ("POST", LOGOUT)]
)
def test_another_name_is_misdirected_wherever_it_goes(name: str, method: str, path: str) -> None:
    with local() as server:
        status, detail = ask(server, *hosts(name), method=method, path=path)
        assert (status, server.access) == (421, [(f"{method} {path}", 421)])
        assert detail.startswith("This server is 127.0.0.1 or [::1] or localhost; send one")


@pytest.mark.parametrize(
    ("names", "count"), [([], "none"), (["localhost", "localhost"], "2"), (["localhost", "x"], "2")]
)
def test_no_host_and_two_hosts_are_400(names: list[str], count: str) -> None:
    with local() as server:
        assert ask(server, *hosts(*names)) == (
            400,
            f"A request has one Host header; this one has {count}.",
        )


def test_http_1_0_needs_no_host_but_a_right_one() -> None:
    with local() as server:
        assert ask(server, version="1.0") == (200, "")
        assert ask(server, *hosts("evil.example"), version="1.0")[0] == 421


def test_a_server_without_names_accepts_every_host() -> None:
    with Server() as server:
        assert ask(server, *hosts("api.example")) == (200, "")


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"chunked, chunked", b"identity", b""])
def test_a_transfer_coding_beside_chunked_is_not_implemented(coding: bytes) -> None:
    with Server() as server:
        status, detail = ask(server, (b"transfer-encoding", coding), method="POST", path="/desk")
        assert (status, server.received) == (501, 0)
        assert detail == "Send the body with `transfer-encoding: chunked` only."


def test_two_transfer_codings_are_not_implemented_and_chunked_is() -> None:
    with Server() as server:
        codings = [(b"transfer-encoding", b"gzip"), (b"transfer-encoding", b"Chunked")]
        assert ask(server, *codings)[0] == 501
        assert ask(server, codings[1]) == (200, "")
