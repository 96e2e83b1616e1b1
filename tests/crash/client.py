"""A client that signs people up as fast as it can and writes down only what was acknowledged."""

import http.client
import json
import threading
import uuid
from dataclasses import dataclass, field

_THREADS = 8
_MOST = 20_000


@dataclass(slots=True)
class Ledger:
    """What the client knows, independent of the platform: the accounts that were answered with 201."""

    acknowledged: dict[str, str] = field(default_factory=dict[str, str])  # id -> e-mail address
    refused: list[int] = field(default_factory=list[int])


class Load:
    """Threads that sign up until `stop`, or until the platform is gone."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self._port = port
        self._ledger = ledger
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            for _ in range(_MOST):
                if self._stopping.is_set():
                    return
                self._sign_up(connection)
        except (OSError, http.client.HTTPException):
            return  # the platform was killed: what was under way was not acknowledged
        finally:
            connection.close()

    def _sign_up(self, connection: http.client.HTTPConnection) -> None:
        email = f"{uuid.uuid4().hex}@example.com"
        body = json.dumps({"email": email, "country": "NO"})
        connection.request("POST", "/accounts", body, {"content-type": "application/json"})
        reply = connection.getresponse()
        document = json.loads(reply.read())
        if reply.status == 201:
            self._ledger.acknowledged[document["id"]] = email
        else:
            self._ledger.refused.append(reply.status)


def get(port: int, path: str, token: str) -> dict[str, object]:
    """One GET request as support."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
        reply = connection.getresponse()
        document = json.loads(reply.read())
        assert reply.status == 200, document
        assert isinstance(document, dict)
        return document
    finally:
        connection.close()


def pages(port: int, path: str, token: str) -> list[dict[str, object]]:
    """Every item behind a paginated route."""
    items: list[dict[str, object]] = []
    cursor = ""
    for _ in range(_MOST):
        page = get(port, f"{path}{'&' if '?' in path else '?'}{cursor}", token)
        found = page["items"]
        assert isinstance(found, list)
        items += found
        if page["next"] is None:
            return items
        cursor = f"cursor={page['next']}"
    raise AssertionError(f"{path} has no last page")
