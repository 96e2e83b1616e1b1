"""Clients that answer from a script, for what no emulator does on demand: conflicts, throttling, partial failures."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

from oort.aws.clients import Clients
from oort.aws.dynamodb.conflict_retries import ConflictRetries

Answer: TypeAlias = "Mapping[str, object] | Exception"


class Script:
    """Gives its answers one after the other, and remembers what was asked. The last one is given for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Callable[..., Mapping[str, object]]:
        if method.startswith("_"):
            raise AttributeError(method)

        def answer(**request: object) -> Mapping[str, object]:
            self.calls.append((method, request))
            found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    @property
    def methods(self) -> list[str]:
        """What was asked, in order."""
        return [method for method, _ in self.calls]

    def requests(self, method: str) -> list[dict[str, Any]]:
        """With what it was asked."""
        return [request for name, request in self.calls if name == method]


class ScriptedClients(Clients):
    """The clients of a test."""

    def __init__(self, **scripts: Script) -> None:
        super().__init__("eu-west-1")
        self._scripts = scripts

    def get(self, service: str) -> Any:
        return self._scripts[service]

    def endpoint(self, service: str) -> str:
        return f"https://{service}.example"


def refused(code: str, message: str = "because", *, status: int = 400, **more: object) -> Exception:
    """An error as botocore raises it for an answer of AWS."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    error: Exception = ClientError(answer, "Operation")
    return error


class Half:
    """Randomness without surprises."""

    def bits(self, count: int) -> int:
        return 1 << (count - 1)

    def chance(self) -> float:
        return 0.5


def retries(attempts: int = 4) -> tuple[ConflictRetries, list[float]]:
    """Retries that do not sleep, and the pauses that they would have made."""
    pauses: list[float] = []
    return ConflictRetries(Half(), attempts=attempts, sleep=pauses.append), pauses
