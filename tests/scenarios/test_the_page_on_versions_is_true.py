"""docs/how-to/versions.md: its code blocks are one program, which does what the page says."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "versions.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_code_on_the_page_runs(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 3
    module = tmp_path / "page.py"
    module.write_text("\n\n".join(blocks))
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(module.read_text(), str(module), "exec"), names)
    assert names["booked"]
