"""What the adapters use of AWS's APIs: the methods of botocore's clients, and the parts of their answers that are read.

botocore makes its clients when the program runs and has no types of its own. Requests are checked by botocore against the
service's model.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypedDict

from oort.rules.tables.attributes import Attributes

Request = Mapping[str, object]


class ItemAnswer(TypedDict, total=False):
    """DynamoDB: one item, if it is there."""

    Item: Attributes


class ItemsAnswer(TypedDict, total=False):
    """DynamoDB: the items of TransactGetItems, in the order asked."""

    Responses: Sequence[ItemAnswer]


class UpdatedAnswer(TypedDict, total=False):
    """DynamoDB: the item after an update."""

    Attributes: Attributes


class PageAnswer(TypedDict, total=False):
    """DynamoDB: a page of a query or a scan."""

    Items: Sequence[Attributes]
    LastEvaluatedKey: Attributes


class Reason(TypedDict, total=False):
    """DynamoDB: why one action cancelled its transaction; the code is `None` if it did not."""

    Code: str
    Message: str
    Item: Attributes


class DynamoDB(Protocol):
    """The client of DynamoDB."""

    def get_item(self, **request: object) -> ItemAnswer:
        """Read one item."""

    def put_item(self, **request: object) -> object:
        """Write one item."""

    def update_item(self, **request: object) -> UpdatedAnswer:
        """Change one item."""

    def delete_item(self, **request: object) -> object:
        """Remove one item."""

    def query(self, **request: object) -> PageAnswer:
        """Read items of one partition."""

    def scan(self, **request: object) -> PageAnswer:
        """Read any items."""

    def transact_get_items(self, **request: object) -> ItemsAnswer:
        """Read many items."""

    def transact_write_items(self, **request: object) -> object:
        """Write many items or none."""


class MessageAttribute(TypedDict, total=False):
    """SQS: a header of a message. Binary values are not looked at."""

    DataType: str
    StringValue: str


class SqsMessage(TypedDict, total=False):
    """SQS: one hand-over."""

    MessageId: str
    ReceiptHandle: str
    Body: str
    Attributes: Mapping[str, str]
    MessageAttributes: Mapping[str, MessageAttribute]


class ReceivedAnswer(TypedDict, total=False):
    """SQS: what was handed over; the list is missing if nothing was."""

    Messages: Sequence[SqsMessage]


class FailedEntry(TypedDict, total=False):
    """SQS and SNS: an entry of a batch that failed although the request did not."""

    Id: str
    Code: str
    Message: str
    SenderFault: bool


class BatchAnswer(TypedDict, total=False):
    """SQS and SNS: which entries of a batch failed."""

    Failed: Sequence[FailedEntry]


class AttributesAnswer(TypedDict, total=False):
    """SQS: attributes of a queue."""

    Attributes: Mapping[str, str]


class Sqs(Protocol):
    """The client of SQS."""

    def send_message(self, **request: object) -> object:
        """Add one message."""

    def send_message_batch(self, **request: object) -> BatchAnswer:
        """Add up to ten."""

    def receive_message(self, **request: object) -> ReceivedAnswer:
        """Hand over up to ten."""

    def delete_message_batch(self, **request: object) -> BatchAnswer:
        """Remove up to ten that were handed over."""

    def change_message_visibility(self, **request: object) -> object:
        """Say when a message comes back."""

    def get_queue_attributes(self, **request: object) -> AttributesAnswer:
        """Count."""


class Sns(Protocol):
    """The client of SNS."""

    def publish(self, **request: object) -> object:
        """Publish one message."""

    def publish_batch(self, **request: object) -> BatchAnswer:
        """Publish up to ten."""
