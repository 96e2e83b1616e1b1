"""The platform as a graph, and the graph as text, Mermaid and JSON."""

import json
import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from oort.model.functions import Answer, FunctionModel, Grant, Subscription, Timer, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind, QueueModel
from oort.model.sources import Source
from oort.rules import graphs
from oort.rules.graphs import Edge, EdgeKind, Graph, Node, NodeKind
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
        "p", (ServiceModel("shop", (), (programs.queue("shop.q"),), (), (one,)),)
    )
    assert {edge.kind for edge in graphs.graph(platform).edges} == {
        EdgeKind.TRIGGERS,
        EdgeKind.SENDS,
    }


def test_the_tree_shows_each_function_with_its_trigger_and_what_it_does() -> None:
    assert graphs.text(GRAPH).splitlines() == [
        "accounts",
        "  read  <- GET /accounts/{id}",
        "    reads table accounts.people",
        "  sign-up  <- POST /accounts",
        "    publishes event accounts.signed-up  -> email.welcome",
        "    reads table accounts.people",
        "    writes table accounts.people",
        "email",
        "  deliver  <- queue email.outgoing",
        "  welcome  <- event accounts.signed-up",
        "    sends queue email.outgoing  -> email.deliver",
        "audit",
    ]


def test_mermaid_draws_services_as_groups() -> None:
    assert graphs.mermaid(GRAPH).splitlines()[:9] == [
        "flowchart LR",
        '    subgraph service_3aaccounts["accounts"]',
        '        route_3aGET_20_2faccounts_2f_7bid_7d(["GET /accounts/{id}"])',
        '        route_3aPOST_20_2faccounts(["POST /accounts"])',
        '        function_3aaccounts_2eread["read"]',
        '        function_3aaccounts_2esign_2dup["sign-up"]',
        '        table_3aaccounts_2epeople[("people")]',
        '        event_3aaccounts_2esigned_2dup{{"signed-up"}}',
        "    end",
    ]
    assert '    service_3aaudit["audit"]' in graphs.mermaid(GRAPH).splitlines()
    assert (
        "    event_3aaccounts_2esigned_2dup -->|triggers| function_3aemail_2ewelcome"
        in graphs.mermaid(GRAPH).splitlines()
    )


def test_the_document_is_the_graph_as_json() -> None:
    document = json.loads(json.dumps(graphs.document(GRAPH)))
    nodes = tuple(
        Node(one["id"], NodeKind(one["kind"]), one["name"], one["service"])
        for one in document["nodes"]
    )
    edges = tuple(
        Edge(one["source"], EdgeKind(one["kind"]), one["target"]) for one in document["edges"]
    )
    assert Graph(document["platform"], nodes, edges) == GRAPH


def test_the_order_does_not_depend_on_the_order_of_declarations() -> None:
    platform = programs.sign_up()
    services = tuple(
        replace(service, functions=service.functions[::-1], queues=service.queues[::-1])
        for service in platform.services
    )
    assert graphs.graph(replace(platform, services=services)) == GRAPH


def test_what_belongs_to_a_service_that_is_not_loaded_is_still_shown() -> None:
    function = programs.function(
        "email.welcome",
        Subscription("accounts.signed-up", 1, "email.welcome", 10),
        Grant(Kind.TABLE, "old.mails", ("scan",)),
    )
    graph = graphs.graph(PlatformModel("half", (ServiceModel("email", (), (), (), (function,)),)))
    assert [(node.id, node.service) for node in graph.nodes][-2:] == [
        ("event:accounts.signed-up", "accounts"),
        ("table:old.mails", "old"),
    ]
    assert "  welcome  <- event accounts.signed-up" in graphs.text(graph)
    assert 'subgraph service_3aaccounts["accounts"]' in graphs.mermaid(graph)


def test_an_empty_platform_is_an_empty_graph() -> None:
    graph = graphs.graph(PlatformModel("empty", ()))
    assert (graphs.text(graph), graphs.mermaid(graph)) == ("", "flowchart LR")


LINE = re.compile(
    r'flowchart LR|\s*end|\s*subgraph \w+\["[^"\n<>`]*"\]|\s*\w+(\(\[|\[\(|\[\[|\{\{|\[)"[^"\n<>`]*"(\]\)|\)\]|\]\]|\}\}|\])'
    r"|\s*\w+ -->\|\w+\| \w+",
    re.ASCII,
)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True))
def test_no_name_breaks_out_of_its_label(names: list[str]) -> None:
    nodes = tuple(Node(f"function:{name}", NodeKind.FUNCTION, name, names[0]) for name in names)
    edges = tuple(Edge(node.id, EdgeKind.CALLS, nodes[0].id) for node in nodes)
    lines = graphs.mermaid(Graph("any", nodes, edges)).split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len({line.split()[0] for line in lines if "-->" in line}) == len(names)


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
    platform = PlatformModel("p", (ServiceModel("shop", (), (queue,), (), functions),))
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
    assert "|triggers| function_3ashop_2eanswer" in graphs.mermaid(drawn)
    assert "shop.ask" in graphs.text(drawn)
