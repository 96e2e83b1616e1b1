"""Checks what the documentation says about files and promises; run by `make check`.

Relative links must lead to a file, every test a page names must exist, docs/promises.md must hold P1 to P35 once and in
order, and docs/services.md its fifteen rows.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TEST_FILE = re.compile(r"\btests/[\w/]+\.py\b")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PROMISES = 35
SERVICES = 15


def pages(root: Path) -> list[Path]:
    """The documents at the top of the repository and everything under docs."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def dead_references(page: Path, root: Path) -> list[str]:
    """Links and test files in ``page`` that lead nowhere."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    links = [
        link.partition("#")[0]
        for link in LINK.findall(text)
        if "://" not in link and not link.startswith("#")
    ]
    dead = [
        link
        for link in links
        if link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    missing = [name for name in TEST_FILE.findall(text) if not (root / name).exists()]
    return [
        f"{page.relative_to(root)} names {name}, which does not exist"
        for name in (*dead, *sorted(set(missing)))
    ]


def rows(page: Path) -> list[list[str]]:
    """The cells of every table row under its head, of all tables of a page."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [
        number for number, row in enumerate(cells) if all(set(cell) <= set(":-") for cell in row)
    ]
    return [
        row for number, row in enumerate(cells) if number not in rules and number + 1 not in rules
    ]


def table_faults(root: Path) -> list[str]:
    """What is wrong with the two tables that must be complete."""
    faults: list[str] = []
    promises = rows(root / "docs" / "promises.md")
    if [row[0] for row in promises] != [f"P{number}" for number in range(1, PROMISES + 1)]:
        faults.append(
            f"docs/promises.md must have the rows P1 to P{PROMISES}, once each and in order"
        )
    faults += [f"docs/promises.md: {row[0]} has an empty cell" for row in promises if not all(row)]
    services = rows(root / "docs" / "services.md")
    if len({row[0] for row in services}) != SERVICES or len(services) != SERVICES:
        faults.append(f"docs/services.md must have one row for each of the {SERVICES} services")
    faults += [f"docs/services.md: {row[0]} has an empty cell" for row in services if not all(row)]
    return faults


def main() -> int:
    """Print the faults, or one line that there are none."""
    found = [fault for page in pages(ROOT) for fault in dead_references(page, ROOT)] + table_faults(
        ROOT
    )
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print("the documentation is in step")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
