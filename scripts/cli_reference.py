"""Keep docs/reference/cli.md equal to the help texts of `oort`.

Usage: cli_reference.py [--write]. Without the option, print the differences and exit with 1. With
the option, update the page.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from oort.cli.commands import oort

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs") / "reference" / "cli.md"
BLOCK = re.compile(
    r"^```console\n\$ oort (?P<words>[^\n]*)--help\n.*?^```$", re.MULTILINE | re.DOTALL
)
WIDTH = 80


def commands(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, the group first."""
    yield names
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, *names, name)


def block(words: tuple[str, ...]) -> str:
    """Return the block with the help of a command."""
    arguments = [*words, "--help"]
    help_text = CliRunner().invoke(oort, arguments, terminal_width=WIDTH).stdout.rstrip()
    return f"```console\n$ oort {' '.join(arguments)}\n{help_text}\n```"


def renewed(page: str) -> str:
    """Return the page with current help texts."""
    return BLOCK.sub(lambda match: block(tuple(match["words"].split())), page)


def faults(page: str) -> list[str]:
    """Return the missing commands and outdated help texts of the page."""
    on_page = {tuple(match["words"].split()): match[0] for match in BLOCK.finditer(page)}
    existing = list(commands(oort))
    differences = [
        f"{PAGE} lacks `oort {' '.join(words)}`" for words in existing if words not in on_page
    ]
    differences += [
        f"{PAGE} shows `oort {' '.join(words)}`, which does not exist"
        for words in on_page
        if words not in existing
    ]
    differences += [
        f"{PAGE} shows an old help of `oort {' '.join(words)}`: run scripts/cli_reference.py --write"
        for words, text in on_page.items()
        if words in existing and text != block(words)
    ]
    return differences


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    path = ROOT / PAGE
    page = path.read_text(encoding="utf-8")
    if arguments == ["--write"]:
        page = renewed(page)
        path.write_text(page, encoding="utf-8")
    differences = faults(page)
    for fault in differences:
        print(fault, file=sys.stderr)
    if not differences:
        print("the command-line reference is in step")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
