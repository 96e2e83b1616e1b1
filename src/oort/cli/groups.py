"""Classes behind `oort`: commands with `--debug`, and a group with sections in its help."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from oort.cli import errors

_WIDTH = 100  # of help texts, on terminals that have it


class Command(click.Command):
    """A command. `--debug` is accepted in every place and read by `Sections.main`."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # click's own signature
        super().__init__(*arguments, **settings)
        self.params.append(_debug())


class Group(click.Group):
    """A group of `Command`s."""

    command_class = Command


class Sections(Group):
    """The top-level group: its help has sections, and it exits with Oort's exit codes."""

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]], **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        for command in (command for section in sections.values() for command in section):
            self.add_command(command)
        self.params.append(_debug())
        self._sections = sections
        self.context_settings = {"max_content_width": _WIDTH, "help_option_names": ["-h", "--help"]}

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print one list for each section."""
        width = max(
            len(command.name or "") for commands in self._sections.values() for command in commands
        )
        for title, commands in self._sections.items():
            with formatter.section(title):
                rows = [
                    ((command.name or "").ljust(width), command.get_short_help_str(_WIDTH))
                    for command in commands
                ]
                formatter.write_dl(rows)

    def main(self, args: Sequence[str] | None = None, **settings: Any) -> Any:  # type: ignore[override]  # click's overloads
        """Run the command and exit with its exit code."""
        words = list(sys.argv[1:] if args is None else args)
        settings |= {"prog_name": "oort", "standalone_mode": False}
        run = super().main
        sys.exit(errors.guarded(lambda: run(words, **settings), debug="--debug" in words))


def _debug() -> click.Option:
    return click.Option(["--debug"], is_flag=True, hidden=True, expose_value=False)
