"""The graph as text, Mermaid and JSON."""

import json
import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from oort.cli.printing import graphs as printed
from oort.model.functions import Answer, Grant, Subscription
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind
from oort.rules import graphs
from oort.rules.graphs import Edge, EdgeKind, Graph, Node, NodeKind, node_kind
from tests.unit import programs

GRAPH = graphs.graph(programs.sign_up())


def test_the_tree_shows_each_function_with_its_trigger_and_what_it_does() -> None:
    assert printed.text(GRAPH).splitlines() == [
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
    assert printed.mermaid(GRAPH).splitlines()[:9] == [
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
    assert '    service_3aaudit["audit"]' in printed.mermaid(GRAPH).splitlines()
    assert (
        "    event_3aaccounts_2esigned_2dup -->|triggers| function_3aemail_2ewelcome"
        in printed.mermaid(GRAPH).splitlines()
    )


def test_the_document_is_the_graph_as_json() -> None:
    document = json.loads(json.dumps(printed.document(GRAPH)))
    nodes = tuple(
        Node(one["id"], node_kind(one["kind"]), one["name"], one["service"])
        for one in document["nodes"]
    )
    edges = tuple(
        Edge(one["source"], EdgeKind(one["kind"]), one["target"]) for one in document["edges"]
    )
    assert Graph(document["platform"], nodes, edges) == GRAPH


def test_what_belongs_to_a_service_that_is_not_loaded_is_still_printed() -> None:
    function = programs.function(
        "email.welcome",
        Subscription("accounts.signed-up", 1, "email.welcome", 10),
        Grant(Kind.TABLE, "old.mails", ("scan",)),
    )
    graph = graphs.graph(
        PlatformModel("half", (ServiceModel(name="email", functions=(function,)),))
    )
    assert "  welcome  <- event accounts.signed-up" in printed.text(graph)
    assert 'subgraph service_3aaccounts["accounts"]' in printed.mermaid(graph)


def test_an_empty_platform_is_an_empty_graph() -> None:
    graph = graphs.graph(PlatformModel("empty", ()))
    assert (printed.text(graph), printed.mermaid(graph)) == ("", "flowchart LR")


LINE = re.compile(
    r'flowchart LR|\s*end|\s*subgraph \w+\["[^"\n<>`]*"\]|\s*\w+(\(\[|\[\(|\[\[|\{\{|\[)"[^"\n<>`]*"(\]\)|\)\]|\]\]|\}\}|\])'
    r"|\s*\w+ -->\|\w+\| \w+",
    re.ASCII,
)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True))
def test_no_name_breaks_out_of_its_label(names: list[str]) -> None:
    nodes = tuple(Node(f"function:{name}", NodeKind.FUNCTION, name, names[0]) for name in names)
    edges = tuple(Edge(node.id, EdgeKind.CALLS, nodes[0].id) for node in nodes)
    lines = printed.mermaid(Graph("any", nodes, edges)).split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len({line.split()[0] for line in lines if "-->" in line}) == len(names)


def test_calls_are_printed_with_who_answers() -> None:
    answers = programs.function("shop.answer", Answer("shop.ask", timedelta(seconds=1)))
    drawn = graphs.graph(PlatformModel("p", (ServiceModel(name="shop", functions=(answers,)),)))
    assert "|triggers| function_3ashop_2eanswer" in printed.mermaid(drawn)
    assert "shop.ask" in printed.text(drawn)
