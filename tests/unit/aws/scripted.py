"""Clients whose one client answers each method from a list: what AWS says is written in the test."""

from collections.abc import Callable
from typing import Any, cast

from oort.aws.clients import Clients
from tests.unit.aws.answering import refused

__all__ = ["Scripted", "clients", "refused"]


class Scripted:
    """One client for all services. An answer that is an exception is raised; `asked` holds method and request, in order."""

    def __init__(self, answers: dict[str, list[object]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, dict[str, object]]] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in self._answers:
            raise AttributeError(method)

        def answer(**request: object) -> object:
            self.asked.append((method, request))
            found = self._answers[method].pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        return answer


class _Clients:
    region = "eu-north-1"

    def __init__(self, client: Scripted) -> None:
        self._client = client

    def get(self, service: str) -> Scripted:
        return self._client

    def endpoint(self, service: str) -> str:
        return f"https://{service}.example"


def clients(**answers: list[object]) -> tuple[Clients, Scripted]:
    """Clients of these answers, by method, and the client behind them."""
    client = Scripted(answers)
    return cast(Clients, _Clients(client)), client
