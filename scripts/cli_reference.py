"""Holds docs/reference/cli.md in step with the command line: every help text on the page is the one that `oort` prints.

Usage: cli_reference.py [--write]. Without the option it says what differs and exits 1; with it, it brings the page up to date.
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
    """The words of every command, the group itself first."""
    yield names
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, *names, name)


def block(words: tuple[str, ...]) -> str:
    """The block that shows the help of one command."""
    asked = [*words, "--help"]
    help_text = CliRunner().invoke(oort, asked, terminal_width=WIDTH).stdout.rstrip()
    return f"```console\n$ oort {' '.join(asked)}\n{help_text}\n```"


def renewed(page: str) -> str:
    """The page with every help text as it is now."""
    return BLOCK.sub(lambda found: block(tuple(found["words"].split())), page)


def faults(page: str) -> list[str]:
    """Commands that the page leaves out, and help texts that are not those of the commands."""
    shown = {tuple(found["words"].split()): found[0] for found in BLOCK.finditer(page)}
    known = list(commands(oort))
    found = [f"{PAGE} lacks `oort {' '.join(words)}`" for words in known if words not in shown]
    found += [
        f"{PAGE} shows `oort {' '.join(words)}`, which does not exist"
        for words in shown
        if words not in known
    ]
    found += [
        f"{PAGE} shows an old help of `oort {' '.join(words)}`: run scripts/cli_reference.py --write"
        for words, text in shown.items()
        if words in known and text != block(words)
    ]
    return found


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    path = ROOT / PAGE
    page = path.read_text(encoding="utf-8")
    if arguments == ["--write"]:
        page = renewed(page)
        path.write_text(page, encoding="utf-8")
    found = faults(page)
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print("the command-line reference is in step")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
