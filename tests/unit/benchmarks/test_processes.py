"""The processes of a benchmark."""

import os

from benchmarks.processes import tree


def test_a_process_is_in_its_own_tree() -> None:
    assert os.getpid() in tree(os.getpid())
