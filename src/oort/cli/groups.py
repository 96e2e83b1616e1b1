"""The classes behind `oort`: commands that know `--debug`, and a group that lists its commands in sections."""

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
    """A group of such commands."""

    command_class = Command


class Sections(Group):
    """The top: its help lists commands in sections, and it ends the process with an exit code of DESIGN's kind."""

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]], **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        for command in (one for section in sections.values() for one in section):
            self.add_command(command)
        self.params.append(_debug())
        self._sections = sections
        self.context_settings = {"max_content_width": _WIDTH, "help_option_names": ["-h", "--help"]}

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One list a section."""
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
        """Run the command and exit with its code."""
        given = list(sys.argv[1:] if args is None else args)
        settings |= {"prog_name": "oort", "standalone_mode": False}
        run = super().main
        sys.exit(errors.guarded(lambda: run(given, **settings), debug="--debug" in given))


def _debug() -> click.Option:
    return click.Option(["--debug"], is_flag=True, hidden=True, expose_value=False)
