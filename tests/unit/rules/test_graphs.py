"""The platform as a graph."""

from dataclasses import replace
from datetime import timedelta

from oort.model.errors import Source
from oort.model.functions import Answer, FunctionModel, Grant, Subscription, Timer, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import CallModel, Kind, QueueModel
from oort.rules import graphs
from oort.rules.graphs import EdgeKind
from tests.unit import programs

GRAPH = graphs.graph(programs.sign_up())


def test_every_part_of_the_platform_is_a_node() -> None:
    assert [(node.kind.value, node.name) for node in GRAPH.nodes] == [
        ("service", "accounts"),
        ("route", "GET /accounts/{id}"),
        ("route", "POST /accounts"),
        ("function", "accounts.read"),
        ("function", "accounts.sign-up"),
        ("table", "accounts.people"),
        ("event", "accounts.signed-up"),
        ("service", "email"),
        ("function", "email.deliver"),
        ("function", "email.welcome"),
        ("queue", "email.outgoing"),
        ("service", "audit"),
    ]


def test_edges_say_what_calls_triggers_reads_writes_sends_and_publishes() -> None:
    assert [(edge.source, edge.kind.value, edge.target) for edge in GRAPH.edges] == [
        ("event:accounts.signed-up", "triggers", "function:email.welcome"),
        ("function:accounts.read", "reads", "table:accounts.people"),
        ("function:accounts.sign-up", "publishes", "event:accounts.signed-up"),
        ("function:accounts.sign-up", "reads", "table:accounts.people"),
        ("function:accounts.sign-up", "writes", "table:accounts.people"),
        ("function:email.welcome", "sends", "queue:email.outgoing"),
        ("queue:email.outgoing", "triggers", "function:email.deliver"),
        ("route:GET /accounts/{id}", "calls", "function:accounts.read"),
        ("route:POST /accounts", "calls", "function:accounts.sign-up"),
    ]


def test_what_a_function_does_outside_is_no_edge() -> None:
    once = Grant(Kind.EFFECT, "shop.a", ("once",))
    one = programs.function(
        "shop.a", Worker("shop.q", 10), once, Grant(Kind.QUEUE, "shop.q", ("send",))
    )
    platform = PlatformModel(
        "p", (ServiceModel(name="shop", resources=(programs.queue("shop.q"),), functions=(one,)),)
    )
    assert {edge.kind for edge in graphs.graph(platform).edges} == {
        EdgeKind.TRIGGERS,
        EdgeKind.SENDS,
    }


def test_the_order_does_not_depend_on_the_order_of_declarations() -> None:
    platform = programs.sign_up()
    services = tuple(
        replace(service, functions=service.functions[::-1], resources=service.resources[::-1])
        for service in platform.services
    )
    assert graphs.graph(replace(platform, services=services)) == GRAPH


def test_what_belongs_to_a_service_that_is_not_loaded_is_still_shown() -> None:
    function = programs.function(
        "email.welcome",
        Subscription("accounts.signed-up", 1, "email.welcome", 10),
        Grant(Kind.TABLE, "old.mails", ("scan",)),
    )
    graph = graphs.graph(
        PlatformModel("half", (ServiceModel(name="email", functions=(function,)),))
    )
    assert [(node.id, node.service) for node in graph.nodes][-2:] == [
        ("event:accounts.signed-up", "accounts"),
        ("table:old.mails", "old"),
    ]


def test_calls_stand_between_who_asks_and_who_answers_and_time_triggers_without_a_node() -> None:
    here = Source("shop.py", 1)
    functions = tuple(
        FunctionModel(name, "shop", trigger, grants, timedelta(seconds=1), "", here)
        for name, trigger, grants in (
            ("shop.answer", Answer("shop.ask", timedelta(seconds=1)), ()),
            (
                "shop.asks",
                Timer(timedelta(minutes=1), None, "UTC", "shop.asks"),
                (Grant(Kind.CALL, "shop.ask", ("call",)),),
            ),
        )
    )
    queue = QueueModel("shop.asks", "shop", 3, timedelta(seconds=6), None, here)
    platform = PlatformModel(
        "p", (ServiceModel(name="shop", resources=(queue,), functions=functions),)
    )
    drawn = graphs.graph(platform)
    assert [(node.kind.value, node.name) for node in drawn.nodes] == [
        ("service", "shop"),
        ("function", "shop.answer"),
        ("function", "shop.asks"),
        ("call", "shop.ask"),
    ]
    assert [(edge.source, edge.kind.value, edge.target) for edge in drawn.edges] == [
        ("call:shop.ask", "triggers", "function:shop.answer"),
        ("function:shop.asks", "calls", "call:shop.ask"),
    ]


def test_a_call_is_a_node_although_nobody_asks() -> None:
    call = CallModel(
        "shop.ask", "shop", timedelta(seconds=1), idempotent=False, source=Source("shop.py", 1)
    )
    drawn = graphs.graph(PlatformModel("p", (ServiceModel(name="shop", resources=(call,)),)))
    assert [(node.kind.value, node.name) for node in drawn.nodes] == [
        ("service", "shop"),
        ("call", "shop.ask"),
    ]
