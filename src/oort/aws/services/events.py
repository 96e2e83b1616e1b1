"""The Events port on SNS. Subscriptions deliver raw, so the queues of the subscribers get the very text."""

from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.aws.sqs.message_text import sealed
from oort.model.messages import Message
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location


class Events:
    """Events of one stage, each with a topic of SNS."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._clients = clients
        self._platform = platform
        self._location = location

    def publish(self, event: str, message: Message) -> None:
        """See `ports.events`."""
        request = {"TopicArn": self._location.topic_arn(event), "Message": sealed(message).text}
        ask(self._clients.sns.publish, request, doing=f"publishing {event}")
