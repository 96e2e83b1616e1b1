"""The gate `docs` can fail: dead references and missing rows are found."""

from pathlib import Path

from scripts import docs_in_step


def test_a_page_that_names_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [gone](gone.md) `tests/unit/test_gone.py`", encoding="utf-8")
    assert docs_in_step.dead_references(page, tmp_path) == [
        "page.md names gone.md, which does not exist",
        "page.md names tests/unit/test_gone.py, which does not exist",
    ]


def test_a_missing_promise_is_found(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "promises.md").write_text(
        "| id | what |\n| --- | --- |\n| P1 | one |\n| P3 | |\n", encoding="utf-8"
    )
    (docs / "services.md").write_text(
        "| service | engine |\n| --- | --- |\n| Lambda | yes |\n", encoding="utf-8"
    )
    faults = docs_in_step.table_faults(tmp_path)
    assert len(faults) == 3
    assert "docs/promises.md: P3 has an empty cell" in faults
