"""Clients whose answers a test writes down: for what emulators never say. botocore's own errors are raised as it raises them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import ClientError

from oort.aws.clients import Clients

Script = Mapping[str, list[object]]


def refused(code: str, message: str = "no", *, method: str = "Method") -> ClientError:
    """An error as AWS answers it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, method)


@dataclass
class ScriptedClient:
    """Answers each method with the next of its answers, and keeps what it was asked."""

    script: dict[str, list[object]]
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list[tuple[str, dict[str, object]]])

    def __getattr__(self, method: str) -> Any:
        def answer(**request: object) -> object:
            self.asked.append((method, request))
            given = self.script[method].pop(0)
            if isinstance(given, Exception):
                raise given
            return given

        return answer


class ScriptedClients:
    """Stands for `Clients`: one scripted client for every service."""

    region = "eu-north-1"

    def __init__(self, **script: list[object]) -> None:
        self.client = ScriptedClient(dict(script))

    def get(self, service: str) -> ScriptedClient:
        assert service
        return self.client

    def endpoint(self, service: str) -> str:
        return f"https://{service}.example"


def clients(**script: list[object]) -> tuple[Clients, ScriptedClient]:
    """Clients with a script, and what they were asked."""
    made = ScriptedClients(**script)
    return cast(Clients, made), made.client
