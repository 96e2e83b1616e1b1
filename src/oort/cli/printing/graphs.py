"""The graph of a platform as text, as a Mermaid flowchart and as JSON."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import attrgetter

from oort.model.items import Value
from oort.model.resources import Kind
from oort.rules.graphs import Edge, Graph, Node, NodeKind


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
            triggers = triggers or "a schedule"  # time has no node
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


_ROUND = ("(", ")")  # a resource without a shape of its own
_SHAPES: dict[NodeKind | Kind, tuple[str, str]] = {
    NodeKind.ROUTE: ("([", "])"),
    NodeKind.FUNCTION: ("[", "]"),
    Kind.TABLE: ("[(", ")]"),
    Kind.QUEUE: ("[[", "]]"),
    Kind.EVENT: ("{{", "}}"),
    Kind.CALL: ("[/", "/]"),
}


def _drawn(node: Node) -> str:
    opening, closing = _SHAPES.get(node.kind, _ROUND)
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
