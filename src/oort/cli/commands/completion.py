"""`oort completion`: completion of commands, options and names in a shell. The scripts are click's own."""

import click
from click import shell_completion

from oort.cli.groups import Command

_EPILOG = """\b
Examples:
  source <(oort completion bash)
  oort completion zsh > ~/.zfunc/_oort
  oort completion fish > ~/.config/fish/completions/oort.fish
"""
_VARIABLE = "_OORT_COMPLETE"  # click looks for it under the name of the command


@click.command(
    cls=Command, epilog=_EPILOG, short_help="Print a script that completes words in a shell."
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, and the names of functions, queues and services. Load it
    where your shell starts.
    """
    kind = shell_completion.get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "oort", _VARIABLE)
    # Not the method of bash, which starts a bash to ask for its version.
    click.echo(shell_completion.ShellComplete.source(script))
