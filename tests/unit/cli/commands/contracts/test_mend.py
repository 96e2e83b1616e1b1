"""`oort contracts mend`: both sides of a merge keep what they have published."""

import json
import subprocess
from pathlib import Path

import pytest

from tests import anew
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
    """Run the command on the source as it is now; Python forgets it afterwards."""
    return anew.run(*words, folder, package=folder.name).exit_code


def conflict(tmp_path: Path, mine: str, theirs: str) -> Path:
    """A merge with a conflict in the lock file, whose source is merged by hand."""
    folder = shop(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")  # the platform is a folder of the repository
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


def taken(folder: Path, side: str) -> None:
    """Take all lock files of one side, and tell Git that the conflict is over."""
    assert git(folder, "checkout", side, "--", "contracts") == 0
    assert git(folder, "add", "contracts") == 0


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_a_file_that_was_taken_from_one_side_is_mended_too(tmp_path: Path, side: str) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    taken(folder, side)
    assert "<<<<<<<" not in (folder / EVENT).read_text()
    said = run("contracts", "mend", folder)
    assert f"{folder / EVENT} mended" in said.stdout, said.stdout + said.stderr
    lock = json.loads((folder / EVENT).read_text())
    assert lock["published"] == ["prod", "qa", "test"]
    assert len(lock["earlier"]) == 3
    assert git(folder, "add", "-A") == 0
    assert run("contracts", "mend", folder).stdout == "No lock file has a merge conflict.\n"


def test_a_side_that_was_locked_anew_still_lacks_the_other(tmp_path: Path) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    taken(folder, "--ours")
    assert oort(folder, "contracts", "lock") == 0
    assert "mended" in run("contracts", "mend", folder).stdout
    assert json.loads((folder / EVENT).read_text())["published"] == ["prod", "qa", "test"]


def test_a_merge_that_is_committed_is_not_seen_and_this_is_said(tmp_path: Path) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    taken(folder, "--ours")
    git(folder, "commit", "-qam", "merged")
    said = run("contracts", "mend", folder).stdout
    assert said.startswith("No lock file has a merge conflict.\nNo merge is running either.")


@pytest.mark.parametrize("side", ["", "--ours", "--theirs"])
def test_in_a_rebase_the_sides_are_turned_round(tmp_path: Path, side: str) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    merged = (folder / "orders.py").read_text()
    git(folder, "merge", "--abort")
    assert git(folder, "rebase", "theirs") != 0
    (folder / "orders.py").write_text(merged)
    if side:
        taken(folder, side)
        (published,) = [*{*json.loads((folder / EVENT).read_text())["published"]} - {"test"}]
        assert published == {"--ours": "qa", "--theirs": "prod"}[side]
    said = run("contracts", "mend", folder)
    assert said.exit_code == 0, said.stdout + said.stderr
    lock = json.loads((folder / EVENT).read_text())
    assert lock["published"] == ["prod", "qa", "test"]
    assert len(lock["earlier"]) == 3
    assert git(folder, "add", "-A") == 0
    assert git(folder, "-c", "core.editor=true", "rebase", "--continue") == 0
    assert run("contracts", "check", folder, "--locked").exit_code == 0
    git(folder, "update-ref", "REBASE_HEAD", "mine~1")  # a name that Git has left behind
    assert "No merge is running" in run("contracts", "mend", folder).stdout


def test_a_cherry_pick_has_two_sides_too(tmp_path: Path) -> None:
    folder = conflict(tmp_path, 'a: str = ""', 'b: str = ""')
    merged = (folder / "orders.py").read_text()
    git(folder, "merge", "--abort")
    assert git(folder, "cherry-pick", "theirs") != 0
    (folder / "orders.py").write_text(merged)
    taken(folder, "--theirs")
    assert "mended" in run("contracts", "mend", folder).stdout
    assert json.loads((folder / EVENT).read_text())["published"] == ["prod", "qa", "test"]


PRICES = """
import msgspec
from oort import Can, Get, Service, Table

orders = Service("orders")


class PriceV1(msgspec.Struct):
    id: str
    euros: int


# types


@orders.table("prices", key="id", upgrades=[])
class Prices(Table[str, PriceV1, Can]): ...


class Tag(msgspec.Struct):
    id: str
    # tag


@orders.table("tags", key="id")
class Tags(Table[str, Tag, Can]): ...


@orders.get("/{id}", public=True)
def read(id: str, prices: Prices[Get]) -> bool:
    return prices.get(id) is not None
"""
TABLE = "contracts/orders/tables/prices.json"
TAGS = "contracts/orders/tables/tags.json"
BOTH_TAGS = 'mine: str = ""\n    theirs: str = ""'
MADE = """class {new}(msgspec.Struct):
    id: str
    {field}


def {upgrade}(old: {old}) -> {new}:
    return {new}(old.id, {value})
"""
IN_CENTS = MADE.format(
    new="Cents", old="PriceV1", field="cents: int", upgrade="in_cents", value="old.euros * 100"
)
AS_TEXT = MADE.format(
    new="Text", old="PriceV1", field="text: str", upgrade="as_text", value="str(old.euros)"
)
THEN_TEXT = MADE.format(
    new="Text", old="Cents", field="text: str", upgrade="as_text", value="str(old.cents)"
)


def with_upgrades(folder: Path, types: str, upgrades: str, item: str, tag: str = BOTH_TAGS) -> None:
    source = PRICES.replace("# types", types).replace("upgrades=[]", f"upgrades=[{upgrades}]")
    source = source.replace("# tag", tag)
    (folder / "orders.py").write_text(source.replace("str, PriceV1", f"str, {item}"))


def two_revisions(tmp_path: Path) -> Path:
    """A merge of two branches that both made revision 2. Another table is in conflict, too."""
    folder = shop(tmp_path, PRICES)
    git(folder, "init", "-q", "-b", "main")
    assert oort(folder, "contracts", "lock", "--publish", "prod") == 0
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    for name, types, upgrade, item in (
        ("mine", IN_CENTS, "in_cents", "Cents"),
        ("theirs", AS_TEXT, "as_text", "Text"),
    ):
        git(folder, "checkout", "-q", "-b", name, "main")
        with_upgrades(folder, types, upgrade, item, f'{name}: str = ""')
        assert oort(folder, "contracts", "lock") == 0
        git(folder, "commit", "-qam", name)
    git(folder, "checkout", "-q", "mine")
    assert git(folder, "merge", "theirs") != 0
    return folder


@pytest.mark.parametrize("mine_is_first", [True, False])
def test_a_revision_that_both_branches_made_is_named_with_the_way_out(
    tmp_path: Path, mine_is_first: bool
) -> None:
    folder = two_revisions(tmp_path)
    if mine_is_first:
        with_upgrades(folder, f"{IN_CENTS}\n\n{THEN_TEXT}", "in_cents, as_text", "Text")
    else:
        with_upgrades(folder, AS_TEXT, "as_text", "Text")
    said = run("contracts", "mend", folder)
    assert said.exit_code == 1, said.stdout + said.stderr
    heading = "table orders.prices: Both branches have made revision 2, with different types."
    assert said.stdout.count("made revision 2") == 1
    assert heading in said.stdout
    assert "Make the other revision 3" in said.stdout
    assert f"git checkout --ours {folder / TABLE}, or --theirs" in said.stdout
    assert git(folder, "checkout", "--ours" if mine_is_first else "--theirs", TABLE) == 0
    again = run("contracts", "mend", folder)
    assert again.exit_code == 0, again.stdout + again.stderr
    assert {line.split()[0] for line in again.stdout.splitlines()[:-1]} == {
        str(folder / TABLE),
        str(folder / TAGS),
    }
    assert run("contracts", "check", folder, "--locked").exit_code == 0
    lock = json.loads((folder / TABLE).read_text())
    revisions = [form["revision"] for form in (lock, *lock["earlier"])]
    assert revisions == ([3, 2, 1] if mine_is_first else [2, 1])
    before = (folder / TABLE).read_bytes()
    assert run("contracts", "mend", folder).exit_code == 0
    assert (folder / TABLE).read_bytes() == before


def test_the_wrong_side_of_a_revision_is_refused(tmp_path: Path) -> None:
    folder = two_revisions(tmp_path)
    with_upgrades(folder, f"{IN_CENTS}\n\n{THEN_TEXT}", "in_cents, as_text", "Text")
    assert git(folder, "checkout", "--theirs", TABLE) == 0
    said = run("contracts", "mend", folder)
    assert said.exit_code == 1
    assert f"Revision 2 has another type in {TABLE} than in the program." in said.stdout


def test_a_reason_lets_a_revision_of_both_branches_pass(tmp_path: Path) -> None:
    folder = two_revisions(tmp_path)
    with_upgrades(folder, f"{IN_CENTS}\n\n{THEN_TEXT}", "in_cents, as_text", "Text")
    said = run("contracts", "mend", folder, "--reason", "Theirs was never deployed.")
    assert said.exit_code == 0, said.stdout + said.stderr
    assert run("contracts", "check", folder, "--locked").exit_code == 0
    again = run("contracts", "mend", folder)
    assert again.stdout == "No lock file has a merge conflict.\n"


def test_the_check_names_a_revision_that_another_branch_has_published(tmp_path: Path) -> None:
    folder = two_revisions(tmp_path)
    with_upgrades(folder, AS_TEXT, "as_text", "Text")
    taken(folder, "--ours")
    said = run("contracts", "check", folder)
    assert said.exit_code == 1
    assert f"Revision 2 has another type in {TABLE} than in the program." in said.stdout
    assert "Two branches have made it, or its type was changed." in said.stdout


def test_a_break_that_has_a_reason_is_no_conflict_any_more(tmp_path: Path) -> None:
    folder = two_revisions(tmp_path)
    with_upgrades(
        folder, f"{IN_CENTS}\n\n{THEN_TEXT}", "in_cents, as_text", "Text", "mine: int = 0"
    )
    assert git(folder, "checkout", "--ours", TABLE) == 0
    assert run("contracts", "mend", folder).exit_code == 1
    assert run("contracts", "mend", folder, "--reason", "No tag is stored.").exit_code == 0
    assert "No tag is stored." in (folder / TAGS).read_text()
    again = run("contracts", "mend", folder)
    assert again.stdout == "No lock file has a merge conflict.\n"
    assert run("contracts", "check", folder, "--locked").exit_code == 0


def test_lines_of_both_sides_without_marks_are_mended_from_both_sides(tmp_path: Path) -> None:
    folder = two_revisions(tmp_path)
    with_upgrades(folder, f"{IN_CENTS}\n\n{THEN_TEXT}", "in_cents, as_text", "Text")
    taken(folder, "--ours")
    for file in (TABLE, TAGS):
        text = (folder / file).read_text().replace('"prod"', '"prod", "qa"')
        (folder / file).write_text(text)
    said = run("contracts", "mend", folder)
    assert said.exit_code == 1, said.stdout + said.stderr
    assert "Both branches have made revision 2" in said.stdout
    assert "table orders.tags" not in said.stdout
