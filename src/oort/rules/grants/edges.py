"""The words on the edges of the platform's graph."""

from enum import StrEnum


class EdgeKind(StrEnum):
    """What an edge says: source KIND target."""

    CALLS = "calls"  # route -> function, function -> call
    READS = "reads"  # function -> table
    WRITES = "writes"  # function -> table
    SENDS = "sends"  # function -> queue
    PUBLISHES = "publishes"  # function -> event
    TRIGGERS = "triggers"  # event -> subscriber, queue -> worker
