"""`oort contracts mend`: both sides of a merge keep what they have published."""

import json
import subprocess
from pathlib import Path

from tests.unit.cli.shops import edited, run, shop

EVENT = "contracts/orders.placed/1.json"
API = "contracts/orders/openapi.json"
BASE = ("class Placed(Event):\n    order_id: str\n",)


def git(folder: Path, *words: str) -> int:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.no", *words]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode


def write(folder: Path, old: str, new: str) -> None:
    source = (folder / "orders.py").read_text()
    assert old in source
    (folder / "orders.py").write_text(source.replace(old, new))


def branch(folder: Path, name: str, field: str, stage: str) -> None:
    """A branch that adds a field to the event, in a copy of the package that Python has not loaded."""
    git(folder, "checkout", "-q", "-b", name, "main")
    write(
        folder,
        "class Placed(Event):\n    order_id: str\n",
        f"class Placed(Event):\n    order_id: str\n    {field}\n",
    )
    assert oort(folder, "contracts", "lock", "--publish", stage) == 0
    git(folder, "commit", "-qam", name)


def oort(folder: Path, *words: str) -> int:
    """Run the command in a process of its own: the source changes."""
    import sys

    command = [sys.executable, "-m", "oort.cli", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, check=False, timeout=60
    ).returncode


def conflict(tmp_path: Path, mine: str, theirs: str) -> Path:
    """A merge with a conflict in the lock file, whose source is merged by hand."""
    folder = shop(tmp_path)
    git(folder, "init", "-q", "-b", "main")
    assert oort(folder, "contracts", "lock", "--publish", "test") == 0
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    branch(folder, "mine", mine, "prod")
    branch(folder, "theirs", theirs, "qa")
    git(folder, "checkout", "-q", "mine")
    assert git(folder, "merge", "theirs") != 0
    source = (folder / "orders.py").read_text()
    assert "<<<<<<<" in (folder / EVENT).read_text()
    lines = [
        line
        for line in source.splitlines(keepends=True)
        if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))
    ]
    (folder / "orders.py").write_text("".join(lines))
    return folder


def test_both_sides_stay_published(tmp_path: Path) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    assert oort(folder, "contracts", "check") == 64
    said = run("contracts", "mend", folder)
    assert said.exit_code == 0, said.stdout + said.stderr
    assert f"{folder / EVENT} mended" in said.stdout
    lock = json.loads((folder / EVENT).read_text())
    assert lock["published"] == ["prod", "qa", "test"]
    assert len(lock["earlier"]) == 3
    assert run("contracts", "check", folder, "--locked").exit_code == 0
    assert run("contracts", "mend", folder).stdout == "No lock file has a merge conflict.\n"


def test_a_merge_that_breaks_a_side_is_refused(tmp_path: Path) -> None:
    folder = conflict(tmp_path, 'a: str = ""', "a: int = 0")
    write(folder, "    a: int = 0\n", "")
    before = (folder / EVENT).read_bytes()
    said = run("contracts", "mend", folder)
    assert said.exit_code == 1, said.stdout + said.stderr
    assert "breaks what a side has published" in said.stdout
    assert (folder / EVENT).read_bytes() == before


def test_without_git_the_marks_are_read(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "prod")
    text = (folder / EVENT).read_text()
    (folder / EVENT).write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    assert run("contracts", "mend", folder).exit_code == 0
    assert (folder / EVENT).read_text() == text


def test_a_side_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "prod")
    text = (folder / EVENT).read_text()
    edited = text.replace('"prod"', '"test"')
    (folder / EVENT).write_text(f"<<<<<<< HEAD\n{text}=======\n{edited}>>>>>>> other\n")
    said = run("contracts", "mend", folder)
    assert said.exit_code == 64
    assert "cannot be mended" in said.stderr


def test_a_merge_that_breaks_a_side_is_accepted_with_a_reason(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "prod")
    ours = (folder / API).read_text()
    changed = edited(folder, ("status=201", "status=202"))
    run("contracts", "lock", changed, "--publish", "qa")
    mine = run("contracts", "accept", "orders", "--reason", "Nobody reads it.", "-C", changed)
    assert mine.exit_code == 0, mine.stdout
    theirs = (changed / API).read_text()
    (changed / API).write_text(f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n")
    assert run("contracts", "mend", changed).exit_code == 1
    done = run("contracts", "mend", changed, "--reason", "Nobody reads it.")
    assert done.exit_code == 0, done.stdout + done.stderr
    lock = json.loads((changed / API).read_text())
    assert "Nobody reads it." in {each["reason"] for each in lock["accepted"]}
    assert run("contracts", "check", changed, "--locked").exit_code == 0
