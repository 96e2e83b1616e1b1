"""The record of the live versions in the state folder."""

from pathlib import Path

import pytest

from oort.engine.versions import kept
from oort.engine.versions.kept import KeptVersion
from oort.model.errors import StateUnusable


def test_versions_are_kept(tmp_path: Path) -> None:
    assert kept.read(tmp_path) == ()
    versions = (KeptVersion(name="next", folder="/a", shares={"shop": 10}),)
    kept.write(tmp_path, versions)
    assert kept.read(tmp_path) == versions


@pytest.mark.parametrize("text", ["", "[", '[{"name": 1}]', '[{"name": "a", "more": 1}]'])
def test_a_damaged_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / kept.FILE).write_text(text)
    with pytest.raises(StateUnusable, match="is damaged"):
        kept.read(tmp_path)


def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / kept.FILE).mkdir()
    with pytest.raises(StateUnusable, match="cannot be used"):
        kept.read(tmp_path)
