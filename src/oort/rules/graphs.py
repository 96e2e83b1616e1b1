"""The platform as a graph of resources and functions, in a fixed order.

`oort graph` shows the graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from oort.model import names
from oort.model.functions import Answer, FunctionModel, Http, Subscription, Timer, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind, QueueModel
from oort.rules.grants import selection
from oort.rules.grants.edges import EdgeKind

__all__ = ["Edge", "EdgeKind", "Graph", "Node", "NodeKind", "graph", "node_kind"]


class NodeKind(StrEnum):
    """The kinds of node that are no resources, in their order within a service.

    Resources follow, in the order of `Kind`.
    """

    SERVICE = "service"
    ROUTE = "route"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Node:
    """A service, function, route or resource of the platform. `id` is unique among all kinds."""

    id: str
    kind: NodeKind | Kind
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
    """Return the graph of a platform.

    A subscriber's own queue is left out: the edge goes from the event to the function.
    """
    edges = {edge for function in platform.functions for edge in _edges(function)}
    nodes = {node.id: node for service in platform.services for node in _nodes(service)}
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    for end in sorted(ends - nodes.keys()):  # of services that are not loaded
        kind, _, name = end.partition(":")
        nodes[end] = Node(end, node_kind(kind), name, names.owner(name))
    order = {service.name: position for position, service in enumerate(platform.services)}
    kinds: list[NodeKind | Kind] = [*NodeKind, *Kind]
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


def _nodes(service: ServiceModel) -> Iterator[Node]:
    yield Node(f"{NodeKind.SERVICE}:{service.name}", NodeKind.SERVICE, service.name, service.name)
    for function in service.functions:
        yield _node(NodeKind.FUNCTION, function.name, service.name)
        if isinstance(function.trigger, Http):
            yield _node(NodeKind.ROUTE, _route(function.trigger), service.name)
    # The queue in front of one handler is part of it.
    hidden = {
        function.trigger.queue
        for function in service.functions
        if isinstance(function.trigger, Subscription | Timer)
    }
    for resource in service.resources:
        if resource.name not in hidden or not isinstance(resource, QueueModel):
            yield _node(resource.kind, resource.name, service.name)


def node_kind(word: str) -> NodeKind | Kind:
    """The kind of node that the word names. ValueError if there is none."""
    return Kind(word) if word in list(Kind) else NodeKind(word)


def _node(kind: NodeKind | Kind, name: str, service: str) -> Node:
    return Node(f"{kind}:{name}", kind, name, service)


def _edges(function: FunctionModel) -> Iterator[Edge]:
    here = f"{NodeKind.FUNCTION}:{function.name}"
    if (trigger := _trigger(function)) is not None:
        yield trigger
    for grant in function.grants:
        for action in grant.actions:
            if (kind := selection.edge(grant.kind, action)) is not None:
                yield Edge(here, kind, f"{grant.kind}:{grant.resource}")


def _trigger(function: FunctionModel) -> Edge | None:
    """Return the edge to a function from its trigger. Time has no node."""
    here = f"{NodeKind.FUNCTION}:{function.name}"
    match function.trigger:
        case Http() as http:
            return Edge(f"{NodeKind.ROUTE}:{_route(http)}", EdgeKind.CALLS, here)
        case Subscription(event=event):
            return Edge(f"{Kind.EVENT}:{event}", EdgeKind.TRIGGERS, here)
        case Answer(call=call):
            return Edge(f"{Kind.CALL}:{call}", EdgeKind.TRIGGERS, here)
        case Worker(queue=queue):
            return Edge(f"{Kind.QUEUE}:{queue}", EdgeKind.TRIGGERS, here)
        case Timer():
            return None


def _route(trigger: Http) -> str:
    return f"{trigger.method} {trigger.path}"
