"""Reads the numbered marks of a file of deliberate misuses and maps lines to the statements they belong to."""

import ast
import re
from pathlib import Path

MARK = re.compile(r"#\s*(\d+)\b")


def marks(source: Path) -> dict[int, int]:
    """The number of each mark by the line it stands on."""
    lines = source.read_text(encoding="utf-8").splitlines()
    return {
        line: int(found[1])
        for line, text in enumerate(lines, start=1)
        if (found := MARK.search(text))
    }


def header(statement: ast.stmt) -> range:
    """The lines of a statement itself: from its first decorator, and without the body below it."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    body: list[ast.stmt] = getattr(statement, "body", [])
    last = (
        max(statement.lineno, body[0].lineno - 1)
        if body
        else statement.end_lineno or statement.lineno
    )
    return range(first, last + 1)


def statement_starts(source: Path) -> dict[int, int]:
    """For each line the first line of its statement: checkers report a decorated function at either end of its head."""
    starts: dict[int, int] = {}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            lines = header(node)
            for line in lines:
                starts[line] = min(lines.start, starts.get(line, lines.start))
    return starts
