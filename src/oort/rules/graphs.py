"""The platform as a graph: what publishes, subscribes, sends, reads and writes what. `oort graph` shows it.

The graph is data; `text`, `mermaid` and `document` only write it down. Everything is in one fixed order.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from oort.model import names
from oort.model.functions import Answer, FunctionModel, Http, Subscription, Timer, Worker
from oort.model.items import Value
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind

_READS = frozenset({"get", "query", "scan", "check"})


class NodeKind(StrEnum):
    """What a node stands for, in the order they are listed within a service."""

    SERVICE = "service"
    ROUTE = "route"
    FUNCTION = "function"
    TABLE = "table"
    QUEUE = "queue"
    EVENT = "event"
    CALL = "call"


class EdgeKind(StrEnum):
    """What an edge says: source KIND target."""

    CALLS = "calls"  # route -> function
    READS = "reads"  # function -> table
    WRITES = "writes"  # function -> table
    SENDS = "sends"  # function -> queue
    PUBLISHES = "publishes"  # function -> event
    TRIGGERS = "triggers"  # event -> subscriber, queue -> worker


@dataclass(frozen=True, slots=True)
class Node:
    """A thing of the platform. `id` is unique among all kinds."""

    id: str
    kind: NodeKind
    name: str
    service: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection between two nodes, by their ids."""

    source: str
    kind: EdgeKind
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes, service by service, and all edges."""

    platform: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(platform: PlatformModel) -> Graph:
    """The graph of a platform. A subscriber's own queue is left out: the edge goes from the event to the function."""
    edges = {edge for function in platform.functions for edge in _edges(function)}
    nodes = {node.id: node for service in platform.services for node in _nodes(service)}
    for one in sorted({end for edge in edges for end in (edge.source, edge.target)} - nodes.keys()):
        kind, _, name = one.partition(":")
        nodes[one] = Node(
            one, NodeKind(kind), name, names.owner(name)
        )  # of a service that is not loaded
    order = {service.name: place for place, service in enumerate(platform.services)}
    kinds = list(NodeKind)
    return Graph(
        platform.name,
        tuple(
            sorted(
                nodes.values(),
                key=lambda n: (
                    order.get(n.service, len(order)),
                    n.service,
                    kinds.index(n.kind),
                    n.id,
                ),
            )
        ),
        tuple(sorted(edges, key=lambda edge: (edge.source, edge.target, edge.kind))),
    )


def document(graph: Graph) -> dict[str, Value]:
    """The graph as JSON."""
    return {
        "platform": graph.platform,
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "name": node.name, "service": node.service}
            for node in graph.nodes
        ],
        "edges": [
            {"source": edge.source, "kind": edge.kind.value, "target": edge.target}
            for edge in graph.edges
        ],
    }


def text(graph: Graph) -> str:
    """The graph as a tree: services, their functions with what triggers them, and what those do."""
    nodes = {node.id: node for node in graph.nodes}
    into, out = (
        _by_end(graph.edges, attrgetter("target")),
        _by_end(graph.edges, attrgetter("source")),
    )
    lines: list[str] = []
    for node in graph.nodes:
        if node.kind is NodeKind.SERVICE:
            lines.append(node.name)
        elif node.kind is NodeKind.FUNCTION:
            triggers = ", ".join(_title(nodes[edge.source]) for edge in into[node.id])
            lines.append(f"  {_short(node)}  <- {triggers}")
            lines.extend(
                f"    {edge.kind} {_title(nodes[edge.target])}{_then(out, nodes, edge)}"
                for edge in out[node.id]
            )
    return "\n".join(lines)


def mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart.

    >>> print(mermaid(Graph("shop", (Node("service:cart", NodeKind.SERVICE, "cart", "cart"),), ())))
    flowchart LR
        service_3acart["cart"]
    """
    lines = ["flowchart LR"]
    services = list(dict.fromkeys(node.service for node in graph.nodes))
    for service in services:
        inside = [node for node in _inside(graph, service) if node.kind is not NodeKind.SERVICE]
        identity = _identity(f"{NodeKind.SERVICE}:{service}")
        if not inside:  # an empty subgraph would be drawn as nothing
            lines.append(f"    {identity}[{_label(service)}]")
            continue
        lines.append(f"    subgraph {identity}[{_label(service)}]")
        lines.extend(f"        {_identity(node.id)}{_drawn(node)}" for node in inside)
        lines.append("    end")
    lines.extend(
        f"    {_identity(edge.source)} -->|{edge.kind}| {_identity(edge.target)}"
        for edge in graph.edges
    )
    return "\n".join(lines)


def _nodes(service: ServiceModel) -> Iterator[Node]:
    yield Node(f"{NodeKind.SERVICE}:{service.name}", NodeKind.SERVICE, service.name, service.name)
    for function in service.functions:
        yield _node(NodeKind.FUNCTION, function.name, service.name)
        if isinstance(function.trigger, Http):
            yield _node(NodeKind.ROUTE, _route(function.trigger), service.name)
    yield from (_node(NodeKind.TABLE, table.name, service.name) for table in service.tables)
    # The queue in front of one handler is part of it.
    own = {
        one.trigger.queue
        for one in service.functions
        if isinstance(one.trigger, Subscription | Timer)
    }
    yield from (
        _node(NodeKind.QUEUE, queue.name, service.name)
        for queue in service.queues
        if queue.name not in own
    )
    yield from (_node(NodeKind.EVENT, event.name, service.name) for event in service.events)
    answers = (one.trigger for one in service.functions if isinstance(one.trigger, Answer))
    yield from (_node(NodeKind.CALL, answer.call, service.name) for answer in answers)


def _node(kind: NodeKind, name: str, service: str) -> Node:
    return Node(f"{kind}:{name}", kind, name, service)


def _edges(function: FunctionModel) -> Iterator[Edge]:
    here = f"{NodeKind.FUNCTION}:{function.name}"
    trigger = function.trigger
    if isinstance(trigger, Http):
        yield Edge(f"{NodeKind.ROUTE}:{_route(trigger)}", EdgeKind.CALLS, here)
    elif isinstance(trigger, Subscription):
        yield Edge(f"{NodeKind.EVENT}:{trigger.event}", EdgeKind.TRIGGERS, here)
    elif isinstance(trigger, Answer):
        yield Edge(f"{NodeKind.CALL}:{trigger.call}", EdgeKind.TRIGGERS, here)
    elif isinstance(trigger, Worker):
        yield Edge(f"{NodeKind.QUEUE}:{trigger.queue}", EdgeKind.TRIGGERS, here)
    for grant in function.grants:
        for action in (
            grant.actions if grant.kind is not Kind.EFFECT else ()
        ):  # what it does outside is no node here
            yield Edge(here, _verb(grant.kind, action), f"{grant.kind}:{grant.resource}")


def _verb(kind: Kind, action: str) -> EdgeKind:
    if kind is Kind.QUEUE:
        return EdgeKind.SENDS
    if kind is Kind.EVENT:
        return EdgeKind.PUBLISHES
    if kind is Kind.CALL:
        return EdgeKind.CALLS
    return EdgeKind.READS if action in _READS else EdgeKind.WRITES


def _route(trigger: Http) -> str:
    return f"{trigger.method} {trigger.path}"


def _inside(graph: Graph, service: str) -> list[Node]:
    return [node for node in graph.nodes if node.service == service]


def _by_end(edges: Iterable[Edge], end: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    result: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        result[end(edge)].append(edge)
    return result


def _then(out: dict[str, list[Edge]], nodes: dict[str, Node], edge: Edge) -> str:
    """Whom an event or a message goes to."""
    receivers = [nodes[following.target].name for following in out[edge.target]]
    return f"  -> {', '.join(receivers)}" if receivers else ""


def _title(node: Node) -> str:
    return node.name if node.kind is NodeKind.ROUTE else f"{node.kind} {node.name}"


def _short(node: Node) -> str:
    return node.name.removeprefix(f"{node.service}.")


_SHAPES = {
    NodeKind.ROUTE: ("([", "])"),
    NodeKind.FUNCTION: ("[", "]"),
    NodeKind.TABLE: ("[(", ")]"),
    NodeKind.QUEUE: ("[[", "]]"),
    NodeKind.EVENT: ("{{", "}}"),
    NodeKind.CALL: ("[/", "/]"),
}


def _drawn(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    return f"{opening}{_label(_short(node))}{closing}"


def _label(name: str) -> str:
    """A quoted label; what Mermaid or HTML would read as markup becomes a character code."""
    return '"' + re.sub(r"[^\w ./{}()-]", lambda found: f"#{ord(found[0])};", name) + '"'


def _identity(name: str) -> str:
    """An id of ASCII letters and digits; whatever else is in the name becomes its code, so that no two collide."""
    return re.sub(r"[^a-zA-Z0-9]", _code, name)


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"_{number:02x}" if number < 0x100 else f"_u{number:06x}"
