"""A queue of huey on SQLite, with a sync for each commit. Its consumer is `huey_consumer queue_huey.huey`.

huey deletes a message before its handler runs, so a handler that is killed loses its message. Oort and DBOS deliver it again.
"""

import os

from effects import effect
from huey import SqliteHuey

huey = SqliteHuey("jobs", filename=os.environ["BENCH_DATABASE"], fsync=True, results=False)


@huey.task()
def work(number: int, at: int, ms: int) -> None:
    """Wait, then tell the benchmark."""
    effect(number, at, ms)


@huey.on_startup()
def tell() -> None:
    """Tell the benchmark that a thread of the consumer is ready."""
    effect(-1, 0, 0)
