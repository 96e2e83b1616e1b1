"""One function in one environment, on a broker that remembers what it was asked."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import msgspec

from oort import Service
from oort.app.loading.loader import load
from oort.app.programs import Function
from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    HttpInvocation,
    HttpOutcome,
    Principal,
)
from oort.model.messages import Delivery, Fault, Message
from oort.model.operations import Done, Request, Result
from oort.runtime import invoke
from oort.runtime.environments import Environment
from oort.runtime.requests import RequestReader

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class RecordingBroker:
    """Answers every request with what the test says."""

    def __init__(self, answer: Callable[[Request], Result] = lambda _: Done()) -> None:
        self.requests: list[Request] = []
        self.answer = answer

    def perform(self, request: Request) -> Result:
        """Remember it, and answer."""
        self.requests.append(request)
        return self.answer(request)


class Running:
    """An environment with the only function of a service."""

    def __init__(
        self,
        service: Service,
        *,
        broker: RecordingBroker | None = None,
        overrides: Mapping[object, Callable[..., object]] | None = None,
        through: tuple[type[BaseException], ...] = (),
    ) -> None:
        self.function: Function = next(iter(load([service]).functions.values()))
        self.broker = broker or RecordingBroker()
        self.clock = VirtualClock()
        self.environment = Environment(
            self.function,
            broker=self.broker,
            clock=self.clock,
            entropy=SeededEntropy(1),
            overrides=overrides,
            through=through,
        )
        self.reader = RequestReader(self.function)

    def request(
        self,
        body: object = b"",
        *,
        path: dict[str, str] | None = None,
        query: tuple[tuple[str, str], ...] = (),
        headers: dict[str, str] | None = None,
        principal: Principal | None = None,
        traceparent: str = f"00-{TRACE}-{PARENT}-01",
    ) -> HttpOutcome:
        """One request. A body that is no bytes is sent as JSON."""
        invocation = HttpInvocation(
            id="i1",
            token="t1",
            traceparent=traceparent,
            path=path or {},
            query=query,
            headers=headers or {},
            body=body if isinstance(body, bytes) else msgspec.json.encode(body),
            principal=principal,
        )
        return invoke.request(self.environment, self.reader, invocation)

    def batch(
        self, *bodies: object, version: int = 1, attempt: int = 1, fault: Fault | None = None
    ) -> BatchOutcome:
        """One batch, a message for each body; receipts count from r0. Its name is that of the consumer's event."""
        event = self.environment.function.event
        deliveries = tuple(
            Delivery(
                message=Message(
                    id=f"m{number}",
                    name="test" if event is None else event.__oort__.model.name,
                    body=body if isinstance(body, bytes) else msgspec.json.encode(body),
                    version=version,
                    traceparent=f"00-{TRACE}-{PARENT}-01",
                    sent=(self.clock.now() - timedelta(seconds=1)).timestamp(),
                ),
                receipt=f"r{number}",
                attempt=attempt,
                fault=fault,
            )
            for number, body in enumerate(bodies)
        )
        return invoke.batch(
            self.environment, BatchInvocation(id="i1", token="t1", deliveries=deliveries)
        )


def document(outcome: HttpOutcome) -> dict[str, object]:
    """The body as a JSON object."""
    return msgspec.json.decode(outcome.body, type=dict[str, object])


def errors(outcome: HttpOutcome) -> list[dict[str, str]]:
    """What a 400 lists."""
    assert (outcome.status, outcome.entered) == (400, False), outcome
    return msgspec.convert(document(outcome)["errors"], list[dict[str, str]])
