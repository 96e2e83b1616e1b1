"""A message as the text that SNS and SQS carry."""

from oort.model.messages import Message, Sealed
from oort.rules.messaging import envelopes, messages

# SQS and SNS refuse these two characters; in JSON they can only stand in strings, where an escape means the same.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_REFUSED = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def text(message: Message) -> str:
    """The envelope, in characters that SQS and SNS take."""
    return _carried(envelopes.wrapped(message))


def sealed(message: Message) -> Sealed:
    """Seal a message in characters that SQS and SNS take. Raises what `rules.messaging.messages.check` raises."""
    found = messages.sealed(message)
    return Sealed(message, _carried(found.text))


def _carried(text: str) -> str:
    return text if text.isascii() else text.translate(_REFUSED)
