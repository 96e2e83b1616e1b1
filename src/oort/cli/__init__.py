"""The command line: words to use cases. `main` is the entry point of the command `oort`, and this the only package that prints."""


def main() -> None:
    """Run the command that the arguments name, and end the process with its exit code."""
    from oort.cli.commands import (
        oort,  # here, so that importing a module of this package loads no command
    )

    oort()
