"""Files that change by themselves: a program that writes its own files does not reload for ever."""

import time
from pathlib import Path

from oort.cli.dev.reload_files import Files


def test_a_file_that_is_written_with_the_same_content_has_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text("A = 1")
    files = Files(tmp_path, pause=lambda _: None)
    for text, changed in (("A = 22", True), ("A = 22", False), ("A = 333", True)):
        file.unlink()
        file.write_text(text)
        assert bool(files.changed()) is changed


def test_a_file_that_the_program_writes_at_each_import_is_given_up(tmp_path: Path) -> None:
    file, mine = tmp_path / "made.py", tmp_path / "mine.py"
    files = Files(tmp_path, pause=lambda _: None)
    for number in range(5):
        begun = time.time_ns() - 10**9
        file.write_text(f"A = {'x' * number!r}")
        assert files.changed() == str(file)
        given_up = files.given_up(begun=begun, loaded=time.time_ns() + 10**9)
        assert given_up == (str(file) if number == 4 else "")
    file.write_text("A = 'more than before'")
    assert files.changed() == ""
    mine.write_text("B = 1")
    assert files.changed() == str(mine)


def test_a_file_that_a_person_edits_often_is_not_given_up(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    files = Files(tmp_path, pause=lambda _: None)
    for number in range(20):
        file.write_text(f"A = {'x' * number!r}")
        assert files.changed() == str(file)
        assert files.given_up(begun=1, loaded=2) == ""
