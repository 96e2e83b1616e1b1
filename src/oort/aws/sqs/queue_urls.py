"""Where SQS and SNS keep what the model names. All of it is computed, so nothing is looked up at run time."""

from oort.aws.clients import Clients
from oort.rules.cloud.cloud_names import Location


def queue(clients: Clients, location: Location, queue: str) -> str:
    """The URL of a queue. SQS reads account and name from it, whatever its host."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.queue(queue)}"


def parked(clients: Clients, location: Location, queue: str) -> str:
    """The URL of the queue of what its consumer could not read."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.parked(queue)}"


def dead(clients: Clients, location: Location, queue: str) -> str:
    """The URL of the queue of its dead letters."""
    return f"{clients.endpoint('sqs')}/{location.account}/{location.dead(queue)}"
