"""Health and readiness: who is told what, and that nothing is logged, traced or kept from anybody."""

import json

import pytest

from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.asgi import GatewayApp
from oort.engine.gateway.health import HEALTH, READY, Health
from oort.engine.threads import Threads
from tests.unit.engine.gateway.test_asgi import Server

HOST = [(b"host", b"10.0.0.7")]  # load balancers ask by address


class Served(Server):
    """A server with health pages. `obstacle` is why the platform is not ready."""

    def __init__(self) -> None:
        super().__init__()
        self.obstacle = ""
        self.health = Health(lambda: self.obstacle)
        self.app = GatewayApp(
            self.desk.engine.gateway,
            answers=InThreads(self.desk.engine.gateway, Threads(1)),
            access=self._note,
            hosts={"localhost"},
            health=self.health,
        )


@pytest.mark.parametrize("path", [HEALTH, READY])
def test_a_platform_that_works_is_alive_and_ready(path: str) -> None:
    with Served() as server:
        status, headers, body = server.ask("GET", path.encode(), headers=HOST)
        assert (status, headers[b"content-type"]) == (200, b"application/json")
        assert headers[b"cache-control"] == b"no-store"
        assert json.loads(body)["status"] in ("alive", "ready")
        assert server.ask("HEAD", path.encode(), headers=HOST)[2] == b""
        assert server.access == []
        assert server.desk.engine.ports.traces.recent(most=10) == []


def test_what_stands_in_the_way_of_work_is_503_and_goes() -> None:
    with Served() as server:
        server.obstacle = "The state cannot be written."
        status, headers, body = server.ask("GET", READY.encode())
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert json.loads(body)["detail"] == server.obstacle
        assert server.ask("GET", HEALTH.encode())[0] == 200
        server.obstacle = ""
        assert server.ask("GET", READY.encode())[0] == 200


def test_a_platform_that_is_about_to_stop_is_not_ready_and_answers_still() -> None:
    with Served() as server:
        server.health.drain()
        assert server.ask("GET", READY.encode())[0] == 503
        assert server.ask("GET", HEALTH.encode())[0] == 200
        assert server.ask("GET", b"/nowhere", headers=[(b"host", b"localhost")])[0] == 404
        server.app.refuse()
        status, headers, _ = server.ask("GET", b"/nowhere", headers=[(b"host", b"localhost")])
        assert (status, headers[b"connection"], headers[b"retry-after"]) == (503, b"close", b"1")
