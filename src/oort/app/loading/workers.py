"""Queues and their workers at load time: a queue that nothing consumes can never work."""

from collections.abc import Collection, Iterator

from oort.app.declaring.services import Service
from oort.model.errors import Mistake
from oort.model.resources import QueueModel


def mistakes(service: Service, consumed: Collection[str]) -> Iterator[Mistake]:
    """Yield the service's queues that are not among the names of the consumed queues."""
    for queue, _, _ in service.declared.resources:
        if isinstance(queue, QueueModel) and queue.name not in consumed:
            what = f"{queue.name} has no worker, so nothing handles its messages."
            instead = f"Write a handler under @{service.name}.worker(…), or remove the queue."
            yield Mistake(queue.source, "queue.worker", what, instead)
