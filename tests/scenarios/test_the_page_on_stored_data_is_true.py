"""docs/how-to/stored-data.md: its code blocks are one program, and its test passes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "stored-data.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_code_on_the_page_runs_and_its_test_passes(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 4
    module = tmp_path / "page.py"
    module.write_text("\n\n".join(blocks))
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(module.read_text(), str(module), "exec"), names)
    test: Callable[[], None] = names["test_old_prices_are_read_in_cents"]
    test()
    with names["Platform"](names["shop"]) as platform:
        assert {table.revision for table in platform.model.tables} == {2}
