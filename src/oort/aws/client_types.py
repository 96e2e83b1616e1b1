"""Types of botocore's clients: the methods that the adapters call, and the members of
responses that they read.

botocore creates its clients at run time and has no types. It checks requests against
the service's model.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypedDict

from oort.rules.tables.attributes import Attributes

Request = Mapping[str, object]


class ItemAnswer(TypedDict, total=False):
    """DynamoDB: an item, if it exists."""

    Item: Attributes


class ItemsAnswer(TypedDict, total=False):
    """DynamoDB: the items of TransactGetItems, in the order of the request."""

    Responses: Sequence[ItemAnswer]


class UpdatedAnswer(TypedDict, total=False):
    """DynamoDB: the item after an update."""

    Attributes: Attributes


class PageAnswer(TypedDict, total=False):
    """DynamoDB: a page of a query or a scan."""

    Items: Sequence[Attributes]
    LastEvaluatedKey: Attributes


class Reason(TypedDict, total=False):
    """DynamoDB: the reason for which an action cancelled its transaction.

    The code is `None` for the other actions.
    """

    Code: str
    Message: str
    Item: Attributes


class DynamoDB(Protocol):
    """The client of DynamoDB."""

    def get_item(self, **request: object) -> ItemAnswer:
        """Read an item."""

    def put_item(self, **request: object) -> object:
        """Write an item."""

    def update_item(self, **request: object) -> UpdatedAnswer:
        """Change an item."""

    def delete_item(self, **request: object) -> object:
        """Delete an item."""

    def query(self, **request: object) -> PageAnswer:
        """Read items of a partition."""

    def scan(self, **request: object) -> PageAnswer:
        """Read items of a table."""

    def transact_get_items(self, **request: object) -> ItemsAnswer:
        """Read several items."""

    def transact_write_items(self, **request: object) -> object:
        """Write all items of a transaction, or none."""


class MessageAttribute(TypedDict, total=False):
    """SQS: an attribute of a message. Binary values are ignored."""

    DataType: str
    StringValue: str


class SqsMessage(TypedDict, total=False):
    """SQS: a received message."""

    MessageId: str
    ReceiptHandle: str
    Body: str
    Attributes: Mapping[str, str]
    MessageAttributes: Mapping[str, MessageAttribute]


class ReceivedAnswer(TypedDict, total=False):
    """SQS: the received messages. Without messages the list is missing."""

    Messages: Sequence[SqsMessage]


class FailedEntry(TypedDict, total=False):
    """SQS and SNS: an entry of a batch that failed although the request succeeded."""

    Id: str
    Code: str
    Message: str
    SenderFault: bool


class BatchAnswer(TypedDict, total=False):
    """SQS and SNS: the entries of a batch that failed."""

    Failed: Sequence[FailedEntry]


class AttributesAnswer(TypedDict, total=False):
    """SQS: attributes of a queue."""

    Attributes: Mapping[str, str]


class Sqs(Protocol):
    """The client of SQS."""

    def send_message(self, **request: object) -> object:
        """Send a message."""

    def send_message_batch(self, **request: object) -> BatchAnswer:
        """Send up to ten messages."""

    def receive_message(self, **request: object) -> ReceivedAnswer:
        """Receive up to ten messages."""

    def delete_message_batch(self, **request: object) -> BatchAnswer:
        """Delete up to ten received messages."""

    def change_message_visibility(self, **request: object) -> object:
        """Set the time at which a received message becomes visible again."""

    def get_queue_attributes(self, **request: object) -> AttributesAnswer:
        """Read attributes, such as counts of messages."""


class Sns(Protocol):
    """The client of SNS."""

    def publish(self, **request: object) -> object:
        """Publish a message."""

    def publish_batch(self, **request: object) -> BatchAnswer:
        """Publish up to ten messages."""
