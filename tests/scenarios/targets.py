"""Runs a scenario on both targets: the test kit on the engine, and the test kit with functions that Lambda's entry answers.

The second target keeps the store, the gateway and the clock of the kit. Between them and the handlers stand the
documents of Lambda: proxy events, batches of records with partial responses, and the events of calls.
"""

import asyncio
import base64
import io
import json
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import NoReturn, cast

import msgspec
import pytest

from oort import Service
from oort.app.programs import Program
from oort.aws.entry import handler_of
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.parts import Answering, LambdaBroker, Parts
from oort.aws.invoking.parts import Event as LambdaEvent
from oort.aws.services.calls import CallEvent, CallReply
from oort.engine.engine import Engine
from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.cutoff import Cutoff
from oort.engine.invoking.invoker import InProcessInvoker
from oort.engine.workers import parent, worker
from oort.engine.workers.invoker import WorkerInvoker, Workers
from oort.model.functions import Http
from oort.model.invocations import (
    BatchOutcome,
    CallOutcome,
    Failure,
    HttpInvocation,
    HttpOutcome,
)
from oort.model.messages import Delivery
from oort.model.operations import CallFunction
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.rules.messaging import envelopes
from oort.runtime.operations import Operations
from oort.testing import Platform
from tests.repeats import times

Line = Mapping[str, object]


class LambdaInvoker(InProcessInvoker):
    """Asks functions as API Gateway, Lambda's poller and other functions do."""

    def connect(self, engine: Engine) -> None:
        """Connect the functions with the ports of the kit."""
        self._ports, self._model = engine.ports, engine.program.model
        self._handlers: dict[str, Answering] = {}
        self.output = io.StringIO()
        self.remaining = 900.0

    def request(
        self, name: str, invocation: HttpInvocation, *, cutoff: Cutoff | None = None
    ) -> HttpOutcome:
        """Answer a request through a proxy event."""
        trigger, principal = self.function(name).model.trigger, invocation.principal
        assert isinstance(trigger, Http)
        claims = principal and {"sub": principal.id, "cognito:groups": sorted(principal.groups)}
        query: dict[str, list[str]] = {}
        for key, value in invocation.query:
            query.setdefault(key, []).append(value)
        event = {
            "httpMethod": trigger.method,
            "path": trigger.path,
            "multiValueHeaders": {key: [value] for key, value in invocation.headers.items()},
            "multiValueQueryStringParameters": query,
            "pathParameters": dict(invocation.path),
            "requestContext": {"authorizer": {"claims": claims}} if claims else {},
            "body": base64.b64encode(invocation.body).decode(),
            "isBase64Encoded": True,
        }
        lines, reply = self._answer(name, event)
        document = cast(Mapping[str, object], reply)
        headers = cast(Mapping[str, Sequence[str]], document["multiValueHeaders"])
        body = str(document["body"]).encode()
        return HttpOutcome(
            status=cast(int, document["statusCode"]),
            headers=tuple((key, value) for key, values in headers.items() for value in values),
            body=base64.b64decode(body) if document["isBase64Encoded"] else body,
            entered=True,
            error=str(lines[-1].get("traceback", "")),
        )

    def batch(self, name: str, deliveries: tuple[Delivery, ...], *, id: str) -> BatchOutcome:
        """Hand over a batch as the poller of a queue does."""
        records = [
            {
                "messageId": delivery.message.id,
                "receiptHandle": delivery.receipt,
                "body": delivery.raw or envelopes.wrapped(delivery.message),
                "attributes": {"ApproximateReceiveCount": str(delivery.attempt)},
            }
            for delivery in deliveries
        ]
        lines, answer = self._answer(name, {"Records": records})
        listed = cast(Mapping[str, list[Mapping[str, str]]], answer)["batchItemFailures"]
        failed = {item["itemIdentifier"] for item in listed}
        errors = {str(line.get("message_id")): line for line in lines if "traceback" in line}
        untouched = {
            line["message_id"] for line in lines if str(line["message"]).startswith("not begun")
        }
        return BatchOutcome(
            failures=tuple(
                Failure(
                    receipt=delivery.receipt,
                    error=str(errors.get(delivery.message.id, {}).get("message", "")),
                    traceback=str(errors.get(delivery.message.id, {}).get("traceback", "")),
                )
                for delivery in deliveries
                if delivery.message.id in failed - untouched
            ),
            left=tuple(
                delivery.receipt for delivery in deliveries if delivery.message.id in untouched
            ),
            parked=(),  # the function has parked them
            spans=(),
        )

    def call(self, name: str, operation: CallFunction) -> CallOutcome:
        """Answer a call through its event."""
        event = msgspec.to_builtins(CallEvent(operation.body.decode(), operation.traceparent))
        lines, reply = self._answer(name, event)
        return CallOutcome(
            result=msgspec.convert(reply, CallReply).result,
            error=str(lines[-1].get("traceback", "")),
        )

    def lines(self) -> list[Line]:
        """What the functions have logged."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def _answer(self, name: str, event: LambdaEvent) -> tuple[list[Line], object]:
        """The lines of an invocation, and its answer as JSON."""
        if name not in self._handlers:
            self._handlers[name] = handler_of(self._parts(name))
        before = len(self.lines())
        answer = json.loads(
            json.dumps(self._handlers[name](json.loads(json.dumps(event)), lambda: self.remaining))
        )
        return self.lines()[before:], answer

    def _parts(self, name: str) -> Parts:
        function = self.function(name)
        return Parts(
            function=function,
            platform=self._model,
            broker=LambdaBroker(function.model, operations=Operations(self._ports)),
            ports=self._ports,
            log=JsonLog({"function": name}, clock=self._clock, stream=self.output),
            clock=self._clock,
            entropy=self._entropy,
        )


class OnLambda(Platform):
    """The test kit with functions behind Lambda's entry."""

    def _load(self, services: Sequence[Service]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("oort.engine.engine.InProcessInvoker", LambdaInvoker)
            super()._load(services)
        assert isinstance(self._engine.invoker, LambdaInvoker)
        self._engine.invoker.connect(self._engine)


class ForkingInvoker(WorkerInvoker):
    """Runs functions in worker processes, whose clock is a copy of the kit's."""

    def __init__(
        self,
        program: Program,
        *,
        broker: EngineBroker,
        clock: Clock,
        entropy: Entropy,
        **_: object,
    ) -> None:
        def main(connection: socket.socket, claims: int, ending: parent.Ending) -> NoReturn:
            worker.main(program, connection, claims, ending, prepare=lambda _: None, clock=clock)

        super().__init__(
            program.model,
            Workers(parent.fork(main), lambda _: None),
            broker=broker,
            clock=clock,
            entropy=entropy,
            failed=lambda _: None,
        )
        self._own = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._own.run_forever)
        self._thread.start()
        self._own.call_soon_threadsafe(self.begin)

    def close(self) -> None:
        """End the processes and the loop."""
        super().close()
        self._own.call_soon_threadsafe(self._own.stop)
        self._thread.join()
        self._own.close()


class OnWorkers(Platform):
    """The test kit with functions in worker processes."""

    def _load(self, services: Sequence[Service]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("oort.engine.engine.InProcessInvoker", ForkingInvoker)
            super()._load(services)


_EVERY = {"engine": Platform, "lambda": OnLambda, "workers": OnWorkers}
_WITHOUT_WORKERS = {"engine": Platform, "lambda": OnLambda}


def _over(targets: Mapping[str, type[Platform]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("target", targets.values(), ids=targets)


# A handler in a worker process cannot tell a test what it saw, except by the platform.
IN_PROCESS = _over(_WITHOUT_WORKERS)
# Workers have processes to start for each test: `make check` runs one file of scenarios on them.
TARGETS = _over(_EVERY if times(10) >= 10 else _WITHOUT_WORKERS)
EVERY_TARGET = _over(_EVERY)
