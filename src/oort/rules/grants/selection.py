"""The choice of a grant's module by its kind. A new kind is an arm of each function here."""

from collections.abc import Iterator

from oort.model.functions import Grant
from oort.model.resources import Kind
from oort.rules.grants import calls, effects, events, queues, secrets, tables
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee, Statement


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Return the IAM statements of a grant."""
    match grant.kind:
        case Kind.TABLE:
            return tables.statements(grant, grantee)
        case Kind.QUEUE:
            return queues.statements(grant, grantee)
        case Kind.EVENT:
            return events.statements(grant, grantee)
        case Kind.CALL:
            return calls.statements(grant, grantee)
        case Kind.EFFECT:
            return effects.statements(grant, grantee)
        case Kind.SECRET:
            return secrets.statements(grant, grantee)


def outbox_rows(grant: Grant) -> str | None:
    """Return the outbox rows that a function with the grant may write.

    None for a kind without outbox rows.
    """
    match grant.kind:
        case Kind.QUEUE:
            return queues.outbox_rows(grant)
        case Kind.EVENT:
            return events.outbox_rows(grant)
        case Kind.TABLE | Kind.CALL | Kind.EFFECT | Kind.SECRET:
            return None


def edge(kind: Kind, action: str) -> EdgeKind | None:
    """Return the kind of edge from a function to its resource.

    None for a kind that the graph does not show.
    """
    match kind:
        case Kind.TABLE:
            return tables.edge(action)
        case Kind.QUEUE:
            return queues.EDGE
        case Kind.EVENT:
            return events.EDGE
        case Kind.CALL:
            return calls.EDGE
        case Kind.SECRET:
            return secrets.EDGE
        case Kind.EFFECT:
            return None
