"""Both sides of a lock file with a merge conflict, and what becomes of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from oort.delivery import conflicts, lockfiles
from oort.model.contracts import Acceptance
from oort.rules.contracts import locks
from tests.unit.rules.contracts.samples import Noted, locked, sold
from tests.unit.rules.contracts.test_data_changes import Item, More, data


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        (b"a\n", b"a\n", b"a\n"),
        (b"<<<<<<< x\n1\n=======\n2\n>>>>>>> y\n", b"1\n", b"2\n"),
        (b"<<<<<<< x\n1\n||||||| b\n0\n=======\n2\n>>>>>>> y\nend", b"1\nend", b"2\nend"),
        (b"<<<<<<< x\n=======\n2\n>>>>>>> y\n=======\n", b"=======\n", b"2\n=======\n"),
    ],
)
def test_the_marks_part_two_sides(text: bytes, ours: bytes, theirs: bytes) -> None:
    assert conflicts.between_marks(text) == (ours, theirs)


def test_a_merged_event_keeps_every_published_revision_of_both_sides() -> None:
    mine = locked(sold()).events["shop.sold", 1]
    other = replace(locked(sold(Noted)).events["shop.sold", 1], published=("test",))
    merged = conflicts.merged(mine, other)
    assert merged.published == ("prod", "test")
    assert getattr(merged, "earlier", ()) == (other.revision,)
    assert getattr(merged, "revision", None) == mine.revision
    draft = conflicts.merged(mine, replace(other, published=()))
    assert getattr(draft, "earlier", ()) == ()


def test_a_merged_table_keeps_every_published_form_of_both_sides() -> None:
    mine = locks.data(data(Item), None, stage="prod")
    other = locks.data(data(More), None, stage="test")
    merged = conflicts.merged(mine, other)
    assert merged.published == ("prod", "test")
    assert getattr(merged, "earlier", ()) == (other.form,)


def test_acceptances_of_both_sides_are_kept_once() -> None:
    reason = Acceptance("Empty.", ("key",), ("prod",))
    mine = replace(locks.data(data(Item), None, stage="prod"), accepted=(reason,))
    other = replace(mine, accepted=(reason, replace(reason, reason="Other.")))
    assert [each.reason for each in conflicts.merged(mine, other).accepted] == ["Empty.", "Other."]


def test_without_git_a_file_without_marks_has_no_conflict(tmp_path: Path) -> None:
    assert not lockfiles.has_conflict(b"{}")
    assert lockfiles.has_conflict(b"<<<<<<< HEAD\n{}\n")
    assert not conflicts.sees_a_merge(tmp_path)
    assert not conflicts.sees_a_merge(tmp_path / "missing")
