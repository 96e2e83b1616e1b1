"""The process of a further version: `python -m oort.cli.wiring.version_process DESCRIPTOR FOLDER LOG`.

The process loads the sources in the folder, sends their model to the platform, and becomes the parent of
the workers. Only a running platform starts such a process.
"""

import socket
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from oort.app.programs import Program
from oort.cli.printing import opened_logs
from oort.cli.wiring import platforms
from oort.engine.workers import loading, parent, worker
from oort.model.platform import PlatformModel


def main(descriptor: int, folder: Path, log: str) -> None:
    """Load the version and serve the platform until it ends."""
    programs: list[Program] = []

    def load() -> PlatformModel:
        _, program = platforms.load(folder)
        programs.append(program)
        return program.model

    loading.serve(descriptor, load, lambda: _workers(programs[0], log))


def _workers(program: Program, log: str) -> parent.Main:
    return partial(_work, program, log)


def _work(
    program: Program, log: str, connection: socket.socket, claims: int, ending: parent.Ending
) -> NoReturn:
    worker.main(program, connection, claims, ending, prepare=opened_logs.of_worker(log))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
