"""A message as the text that SNS and SQS carry."""

from oort.model.messages import Message
from oort.rules.messaging import envelopes

# SQS and SNS refuse these two characters; in JSON they can only stand in strings, where an escape means the same.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_REFUSED = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def text(message: Message) -> str:
    """The envelope, in characters that SQS and SNS take."""
    return envelopes.wrapped(message).translate(_REFUSED)
