"""The command line. `main` is the entry point of the command `oort`. No other package prints."""


def main() -> None:
    """Run the command in the arguments and exit with its exit code."""
    # Here, so that importing a module of this package loads no command.
    from oort.cli.commands import oort

    oort()
