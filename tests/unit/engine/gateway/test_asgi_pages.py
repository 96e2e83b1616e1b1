"""Fixed pages beside the routes: read by anyone, never written, framed by a policy, and not in the access log."""

from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.asgi import GatewayApp
from oort.engine.threads import Threads
from oort.model.http import FixedPage
from tests.unit.engine.gateway.test_asgi import Server

PAGES = {"/_oort/page": FixedPage("text/html", b"<p>hello", "default-src 'self'")}


def served() -> Server:
    """The server of the other tests, with a page."""
    server = Server()
    gateway = server.desk.engine.gateway
    server.app = GatewayApp(
        gateway, answers=InThreads(gateway, Threads(1)), access=server._note, pages=PAGES
    )
    return server


def test_a_page_is_served_with_its_policy_and_not_told_to_the_log() -> None:
    with served() as server:
        status, headers, body = server.ask("GET", b"/_oort/page")
        assert (status, body, headers[b"content-type"]) == (200, b"<p>hello", b"text/html")
        assert headers[b"content-security-policy"] == b"default-src 'self'"
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"cache-control"] == b"no-store"
        assert server.access == []


def test_head_has_the_length_and_no_body() -> None:
    with served() as server:
        status, headers, body = server.ask("HEAD", b"/_oort/page")
        assert (status, headers[b"content-length"], body) == (200, b"8", b"")


def test_a_page_cannot_be_written_and_others_do_not_exist() -> None:
    with served() as server:
        assert server.ask("POST", b"/_oort/page")[0] == 404
        assert server.ask("GET", b"/_oort/other")[0] == 404
        assert server.ask("GET", b"/_oort")[0] == 404
