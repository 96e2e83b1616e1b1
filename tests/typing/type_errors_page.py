"""Writes what mypy and pyright say about each deliberate misuse into docs/explanation/type-errors.md.

Usage: python -m tests.typing.type_errors_page, after a change of the public surface or of a checker's version.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tests.typing.marked_source import marks, statement_starts
from tests.typing.test_public_surface import ROOT, Finding, copied, mypy_findings, pyright_findings

PAGE = ROOT / "docs" / "explanation" / "type-errors.md"
BLOCK = re.compile(r"^<!-- misuse (?P<number>\d+) -->\n```text\n.*?^```$", re.MULTILINE | re.DOTALL)
FOLLOWS = re.compile(r'Type of "\w+" is unknown')  # pyright says it beside the error itself


def said(folder: Path) -> Mapping[int, str]:
    """What both checkers say about each misuse in wrong.py of the folder, by its number."""
    numbers, starts = marks(folder / "wrong.py"), statement_starts(folder / "wrong.py")
    misuses = {starts[line]: number for line, number in numbers.items()}
    lines: dict[int, list[str]] = defaultdict(list)
    for checker, check in (("mypy", mypy_findings), ("pyright", pyright_findings)):
        for finding in check(folder, ["wrong.py"]):
            if not FOLLOWS.fullmatch(finding.message):
                lines[misuses[starts[finding.line]]].append(_shown(checker, finding))
    return {number: "\n".join(found) for number, found in lines.items()}


def renewed(page: str, texts: Mapping[int, str]) -> str:
    """The page with these texts in its blocks."""
    return BLOCK.sub(lambda found: _block(int(found["number"]), texts), page)


def _block(number: int, texts: Mapping[int, str]) -> str:
    return f"<!-- misuse {number} -->\n```text\n{texts[number]}\n```"


def _shown(checker: str, finding: Finding) -> str:
    return f"{checker}: {finding.message}".replace("\N{NO-BREAK SPACE}", " ")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(
            renewed(PAGE.read_text(encoding="utf-8"), said(copied(Path(made), cold=True))),
            encoding="utf-8",
        )
