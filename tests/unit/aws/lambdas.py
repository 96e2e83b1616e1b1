"""Functions of a small program as Lambda would run them: real handlers and runtime, on the engine's ports in memory."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from oort import (
    Call,
    Can,
    Conflict,
    Context,
    Event,
    Get,
    NotFound,
    Once,
    Principal,
    Publish,
    Put,
    Queue,
    Send,
    Service,
    Table,
    atomic,
    call,
    event,
)
from oort.app.loading.loader import load
from oort.aws.entry import handler_of
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.parts import Answering, LambdaBroker, Parts
from oort.aws.invoking.parts import Event as LambdaEvent
from oort.aws.services.calls import CallEvent, CallReply
from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.engine.services import bundle
from oort.engine.services.queues import Queues
from oort.engine.store.direct import DirectStore
from oort.model.invocations import Span
from oort.model.messages import Delivery, Fault, Message
from oort.model.operations import Answered, CallFunction, Objected
from oort.ports.calls import Calls
from oort.ports.deliveries import PushedDeliveries
from oort.ports.effects import Effects
from oort.ports.events import Events
from oort.ports.queues import Queues as QueuesPort
from oort.ports.secrets import Secrets
from oort.ports.tables import Tables
from oort.ports.traces import Traces
from oort.ports.transactions import Transactions
from oort.rules.messaging import envelopes
from oort.runtime.operations import Operations

shop = Service("shop", cors=["https://shop.example"])


class Order(msgspec.Struct):
    id: str
    cents: int


class NewOrder(msgspec.Struct):
    cents: Annotated[int, Meta(ge=1)]


class Taken(Conflict):
    """The order exists."""


@event("shop.ordered", version=1, key="id")
class Ordered(Event):
    id: str


@shop.table("orders", key="id")
class Orders(Table[str, Order, Can]): ...


@shop.queue("work", attempts=2)
class Work(Queue[Order, Can]): ...


@call("shop.price")
class Price(Call[Order, Order]): ...


@shop.post("/orders", status=201, public=True, raises=[Taken])
def place(body: NewOrder, ctx: Context, orders: Orders[Put], out: Publish[Ordered]) -> Order:
    order = Order(ctx.message_id, body.cents)
    with atomic() as tx:
        tx.put(orders, order, if_absent=True)
        tx.publish(out, Ordered(id=order.id))
    return order


@shop.post("/wrong", public=True)
def wrong(orders: Orders[Put], out: Publish[Ordered]) -> None:
    with atomic() as tx:
        tx.put(orders, Order("wrong", 1))
        tx.publish(out, Ordered(id=7))  # type: ignore[arg-type]  # an event that does not fit its class


@shop.get("/orders/{id}", owner="id", groups=["support"], raises=[NotFound])
def read(id: str, who: Principal, orders: Orders[Get]) -> Order:
    return orders.require(id)


@shop.get("/fail", public=True)
def fail() -> None:
    raise RuntimeError("the database of secrets")


@shop.get("/search", public=True)
def search(term: str, tag: list[str]) -> list[str]:
    return [term, *tag]


@shop.worker(Work)
def work(order: Order, orders: Orders[Put]) -> None:
    if order.cents < 0:
        raise ValueError("negative")
    orders.put(order)


@shop.on(Ordered)
def ordered(event: Ordered, queue: Work[Send]) -> None:
    with atomic() as tx:
        tx.send(queue, Order(event.id, 1))


@shop.queue("payments", attempts=2)
class Payments(Queue[Order, Can]): ...


@shop.worker(Payments)
def pay(order: Order, once: Once, orders: Orders[Put]) -> None:
    receipt = once(
        "pay", lambda key: Order(key, order.cents), returns=Order, lease=timedelta(hours=1)
    )
    orders.put(Order(order.id, receipt.cents))


@shop.answer(Price)
def price(request: Order, orders: Orders[Get]) -> Order:
    if request.cents < 0:
        raise Taken("negative")
    if request.cents == 0:
        raise ZeroDivisionError
    return Order(request.id, request.cents * 2)


@shop.get("/priced", public=True)
def priced(price: Price) -> Order:
    return price(Order("1", 5))


@dataclass
class MemoryTraces:
    """Spans in a list."""

    spans: list[Span] = field(default_factory=list[Span])

    def record(self, spans: "object") -> None:
        self.spans += spans  # type: ignore[arg-type]


class WaitingDeliveries:
    """The engine's deliveries. They keep how long each failed message was asked to wait."""

    def __init__(self, deliveries: PushedDeliveries, waits: list[timedelta]) -> None:
        self._deliveries = deliveries
        self.waits = waits

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        self.waits.append(after)
        self._deliveries.retry(queue, receipt, after=after, error=error)

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        self._deliveries.keep(queue, delivery, fault)


@dataclass(frozen=True)
class FunctionPorts:
    """The engine's ports, but for those that Lambda has of its own."""

    tables: Tables
    queues: QueuesPort
    events: Events
    calls: Calls
    effects: Effects
    secrets: Secrets
    transactions: Transactions
    deliveries: PushedDeliveries
    traces: Traces


class Answers:
    """Answers calls with the function of the same program, as Lambda would."""

    def __init__(self, cloud: "Lambda") -> None:
        self._cloud = cloud

    def call(self, operation: CallFunction) -> Answered | Objected:
        if operation.call != "shop.price":
            return Objected(502, "CallFailed", "nobody")
        event = msgspec.to_builtins(CallEvent(operation.body.decode(), operation.traceparent))
        reply = self._cloud.invoke("shop.price", event)
        return msgspec.convert(reply, CallReply).result


class Lambda:
    """The functions of the program, each with a handler of its own, on one store."""

    def __init__(self) -> None:
        self.program = load([shop], name="test")
        self.clock, self.entropy = VirtualClock(), SeededEntropy(1)
        self.store = DirectStore()
        self.ports = bundle.on(self.store, platform=self.program.model, clock=self.clock)
        self.output, self.traces = io.StringIO(), MemoryTraces()
        self.waits: list[timedelta] = []
        self.remaining = 900.0
        self.deliveries: PushedDeliveries = WaitingDeliveries(self.ports.deliveries, self.waits)
        self._handlers: dict[str, Answering] = {}

    @property
    def queues(self) -> Queues:
        return self.ports.queues

    def outgoing(self) -> int:
        """How many messages are in the outbox."""
        row = self.store.row("SELECT count(*) FROM outbox")
        assert row is not None
        return int(row[0])

    def handler(self, name: str) -> Answering:
        if name not in self._handlers:
            self._handlers[name] = handler_of(self._parts(name))
        return self._handlers[name]

    def invoke(self, name: str, event: LambdaEvent) -> object:
        return self.handler(name)(event, lambda: self.remaining)

    def request(self, name: str, method: str, path: str, **given: object) -> dict[str, object]:
        """Invoke a function as API Gateway does, and check that what it answers is JSON."""
        document = {
            "httpMethod": method,
            "path": path,
            "headers": {"content-type": "application/json"} if "body" in given else None,
            "requestContext": {},
            **given,
        }
        return json.loads(json.dumps(self.invoke(name, document)))  # type: ignore[no-any-return]

    def deliver(
        self,
        name: str,
        *messages: Message | str,
        attempt: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Invoke a function as the poller of its queue does; the ids of those that failed."""
        records = [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": one if isinstance(one, str) else envelopes.wrapped(one),
                "attributes": {"ApproximateReceiveCount": str(attempt)},
                "messageAttributes": {
                    name: {"dataType": "String", "stringValue": value}
                    for name, value in (headers or {}).items()
                },
            }
            for number, one in enumerate(messages)
        ]
        answer = json.loads(json.dumps(self.invoke(name, {"Records": records})))
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]

    def lines(self) -> list[dict[str, object]]:
        """What was logged."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def _parts(self, name: str) -> Parts:
        function = self.program.functions[name]
        ports = FunctionPorts(
            tables=self.ports.tables,
            queues=self.ports.queues,
            events=self.ports.events,
            calls=Answers(self),
            effects=self.ports.effects,
            secrets=self.ports.secrets,
            transactions=self.ports.transactions,
            deliveries=self.deliveries,
            traces=self.traces,
        )
        return Parts(
            function=function,
            platform=self.program.model,
            broker=LambdaBroker(function.model, operations=Operations(ports)),
            ports=ports,
            log=JsonLog(
                {"service": "shop", "function": name}, clock=self.clock, stream=self.output
            ),
            clock=self.clock,
            entropy=self.entropy,
        )
