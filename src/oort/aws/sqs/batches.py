"""Batches for SQS and SNS: how many entries and bytes go into one request."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from oort.model import limits

T = TypeVar("T")


def cut(entries: Sequence[T], *, size: Callable[[T], int] = lambda _: 0) -> Iterator[list[T]]:
    """The entries in order, at most ten together and at most 256 KiB, which is what SNS takes in one request.

    https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    """
    batch: list[T] = []
    total = 0
    for entry in entries:
        more = size(entry)
        if batch and (len(batch) == limits.BATCH or total + more > limits.MESSAGE_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(entry)
        total += more
    if batch:
        yield batch
