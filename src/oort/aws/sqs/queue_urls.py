"""Where SQS and SNS keep what the model names. All of it is computed, so nothing is looked up at run time."""

from oort.aws.clients import Clients
from oort.rules.cloud.cloud_names import Place


def queue(clients: Clients, place: Place, queue: str) -> str:
    """The URL of a queue. SQS reads account and name from it, whatever its host."""
    return f"{clients.endpoint('sqs')}/{place.account}/{place.queue(queue)}"


def parked(clients: Clients, place: Place, queue: str) -> str:
    """The URL of the queue of what its consumer could not read."""
    return f"{clients.endpoint('sqs')}/{place.account}/{place.parked(queue)}"


def dead(clients: Clients, place: Place, queue: str) -> str:
    """The URL of the queue of its dead letters."""
    return f"{clients.endpoint('sqs')}/{place.account}/{place.dead(queue)}"
