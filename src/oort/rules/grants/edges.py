"""The kinds of edges in the platform's graph."""

from enum import StrEnum


class EdgeKind(StrEnum):
    """The kinds of edge, read as source KIND target."""

    CALLS = "calls"  # route -> function, function -> call
    READS = "reads"  # function -> table
    WRITES = "writes"  # function -> table
    SENDS = "sends"  # function -> queue
    PUBLISHES = "publishes"  # function -> event
    TRIGGERS = "triggers"  # event -> subscriber, queue -> worker
