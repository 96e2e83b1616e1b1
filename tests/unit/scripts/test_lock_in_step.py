"""The gate `lock` can fail: locks that disagree are told in a sentence each."""

from pathlib import Path

import pytest

from scripts import lock_in_step

PYPROJECT = """
[project]
dependencies = ["alpha>=2"]
[dependency-groups]
dev = ["beta"]
"""


def write_locks(folder: Path, base: str, dev: str) -> None:
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "requirements.lock").write_text(base, encoding="utf-8")
    (folder / "requirements-dev.lock").write_text(dev, encoding="utf-8")


def pin(name: str, version: str) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n    # via oortcloud\n"


def test_locks_that_agree_pass(tmp_path: Path) -> None:
    write_locks(tmp_path, pin("alpha", "2.1"), pin("alpha", "2.1") + pin("beta", "1"))
    assert lock_in_step.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("base", "dev", "fault"),
    [
        (pin("alpha", "1.9"), pin("alpha", "1.9") + pin("beta", "1"), "wants >=2"),
        (pin("alpha", "2.1"), pin("alpha", "2.1"), "does not pin beta"),
        (
            pin("alpha", "2.1"),
            pin("alpha", "2.2") + pin("beta", "1"),
            "alpha is 2.1 in requirements.lock but 2.2",
        ),
        ("alpha==2.1\n", pin("alpha", "2.1") + pin("beta", "1"), "without a hash"),
        (
            "--index-url somewhere\n" + pin("alpha", "2.1"),
            pin("alpha", "2.1") + pin("beta", "1"),
            "package index",
        ),
    ],
)
def test_locks_that_disagree_fail(tmp_path: Path, base: str, dev: str, fault: str) -> None:
    write_locks(tmp_path, base, dev)
    assert any(fault in found for found in lock_in_step.faults(tmp_path))
