"""What is measured is a program that loads: a benchmark of a platform that does not start would say nothing."""

import os
from pathlib import Path

from benchmarks import many_services
from benchmarks.load import ROOT
from benchmarks.processes import tree


def test_the_rival_is_pinned_with_hashes_and_without_an_index() -> None:
    lock = (ROOT / "benchmarks" / "requirements.lock").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if "==" in line]
    assert {"fastapi", "pydantic", "uvicorn", "uvloop", "httptools"} <= {
        line.partition("==")[0] for line in pins
    }
    assert all(line.endswith("\\") for line in pins)
    assert "://" not in lock


def test_the_large_platform_has_as_many_functions_as_it_says(tmp_path: Path) -> None:
    many_services.write(tmp_path / "app")
    services = sorted((tmp_path / "app").glob("s*.py"))
    assert len(services) == many_services.SERVICES
    decorators = ("get(", "post(", "on(", "worker(")
    for service in services:
        lines = service.read_text(encoding="utf-8").splitlines()
        found = [
            line
            for line in lines
            if line.startswith(tuple(f"@{service.stem}.{one}" for one in decorators))
        ]
        assert len(found) == many_services.FUNCTIONS


def test_a_process_is_in_its_own_tree() -> None:
    assert os.getpid() in tree(os.getpid())
