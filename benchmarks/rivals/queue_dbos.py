"""A queue of DBOS on SQLite: run as a program, it consumes. SQLite's own default is a sync for each commit.

DBOS keeps each message as a workflow, with its arguments and its result; it also restarts workflows, which is not used here.
"""

import logging
import os
import sqlite3
import threading
from contextlib import closing

from dbos import DBOS, DBOSClient
from effects import effect

THREADS = 8
POLL = 0.05  # seconds, instead of the one second that is the default
URL = f"sqlite:///{os.environ['BENCH_DATABASE']}"


def consume() -> None:
    """Run what comes, until the process is ended."""
    with closing(sqlite3.connect(os.environ["BENCH_DATABASE"])) as database:
        database.execute(
            "PRAGMA journal_mode = WAL"
        )  # DBOS keeps it; one sync a commit instead of several
    DBOS(
        config={
            "name": "jobs", "system_database_url": URL, "max_executor_threads": THREADS,
            "log_level": "ERROR", "application_version": "1",
        }
    )  # fmt: skip
    DBOS.workflow(name="work")(effect)
    DBOS.launch()
    DBOS.register_queue("jobs", polling_interval_sec=POLL)
    effect(-1, 0, 0)  # it is ready
    threading.Event().wait()


def client() -> DBOSClient:
    """What sends."""
    logging.disable()
    return DBOSClient(system_database_url=URL, system_database_pool_size=THREADS)


if __name__ == "__main__":
    consume()
