"""docs/reference: the code blocks of each page are a program, and the tests on the page pass."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    page.name for page in FOLDER.glob("*.md") if BLOCK.search(page.read_text(encoding="utf-8"))
)


def test_pages_with_code_exist() -> None:
    assert {
        "calls.md",
        "effects.md",
        "events.md",
        "handlers.md",
        "queues.md",
        "secrets.md",
        "tables.md",
    } <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_and_its_tests_pass(page: str, tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    module.write_text("\n\n".join(BLOCK.findall((FOLDER / page).read_text(encoding="utf-8"))))
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(module.read_text(), str(module), "exec"), names)
    tests = {name: value for name, value in names.items() if name.startswith("test_")}
    assert tests
    for test in tests.values():
        assert callable(test)
        test()
