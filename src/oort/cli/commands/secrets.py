"""`oort secrets`: set, print and list the values that handlers read."""

import sys
from pathlib import Path
from typing import TextIO

import click

from oort.app.programs import Program
from oort.cli.arguments import completing, options
from oort.cli.errors import UnreadableInput
from oort.cli.groups import Command, Group
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.resources import SecretModel
from oort.model.secrets import SecretState

_EPILOG = """\b
Examples:
  oort secrets set billing.stripe-key -C apps/shop
  oort secrets list apps/shop
"""
_SET_EPILOG = """\b
Examples:
  oort secrets set billing.stripe-key
  oort secrets set billing.stripe-key --stage prod < key.txt
"""
_GET_EPILOG = """\b
Example:
  oort secrets get billing.stripe-key | wc -c
"""
_LIST_EPILOG = """\b
Example:
  oort secrets list apps/shop --stage prod --json
"""


@click.group(cls=Group, epilog=_EPILOG, short_help="Set the secrets that handlers read.")
def secrets() -> None:
    """Set, print and list secrets.

    On this machine the values are in the encrypted state of the platform, on AWS in Secrets
    Manager. A running platform reads a new value within 60 seconds.
    """


def _stage_option(command: "click.decorators.FC") -> "click.decorators.FC":
    help_text = "Use this stage on AWS instead of the platform's state here."
    return click.option("--stage", metavar="STAGE", help=help_text)(command)


def _secret_argument(command: "click.decorators.FC") -> "click.decorators.FC":
    return click.argument("secret", metavar="SERVICE.NAME", shell_complete=completing.secrets)(
        command
    )


@secrets.command("set", cls=Command, epilog=_SET_EPILOG, short_help="Set the value of a secret.")
@_secret_argument
@click.argument("source", metavar="[-]", nargs=-1)
@options.path_option
@_stage_option
@options.state_option
def set_(
    *, secret: str, source: tuple[str, ...], path: Path, stage: str | None, state: Path | None
) -> None:
    """Set the value of the secret SERVICE.NAME. Enter the value at the prompt, twice; it is not
    shown. Or pipe the value into the command; with -, the command always reads standard input. One
    newline at the end is removed.

    The value must fit the declared type: text for Secret[str, Can], JSON for other types. The value
    is never an argument of the command: other users of the machine can see arguments.
    """
    if source not in ((), ("-",)):  # click's own message would show it
        raise click.UsageError("The value is not an argument: enter it at the prompt, or pipe it.")
    project, program = platforms.load(path)
    name = _known(secret, program)
    value = _entered(name, prompt=not source and on_terminal(sys.stdin))
    from oort.app.loading import secret_types
    from oort.cli.wiring import kept_secrets

    if (declared := secret_types.declaration(program, name)) is not None:
        declared.decode(value)
    with kept_secrets.opened(project, program, stage=stage, state=state) as kept:
        kept.write(name, value)
    output.echo(f"{name} is set.")


@secrets.command("get", cls=Command, epilog=_GET_EPILOG, short_help="Print the value of a secret.")
@_secret_argument
@click.option("--show", is_flag=True, help="Print the value to a terminal.")
@options.path_option
@_stage_option
@options.state_option
def get(*, secret: str, show: bool, path: Path, stage: str | None, state: Path | None) -> None:
    """Print the value of the secret SERVICE.NAME, and nothing else. The command refuses to print to
    a terminal without --show."""
    from oort.cli.wiring import kept_secrets

    if on_terminal(sys.stdout) and not show:
        raise click.UsageError("This is a terminal: use --show, or pipe the value.")
    project, program = platforms.load(path)
    name = _known(secret, program)
    with kept_secrets.opened(project, program, stage=stage, state=state) as kept:
        click.echo(kept.read(name))


@secrets.command("list", cls=Command, epilog=_LIST_EPILOG, short_help="Show which have a value.")
@options.path_argument
@_stage_option
@options.json_option
@options.state_option
def list_(*, path: Path, stage: str | None, as_json: bool, state: Path | None) -> None:
    """Show every secret of the platform in PATH: its service, its name, the type of its value, and
    when it was set. Values are not shown."""
    from oort.cli.wiring import kept_secrets

    project, program = platforms.load(path)
    types = {secret.name: secret.type for secret in program.model.of(SecretModel)}
    with kept_secrets.opened(project, program, stage=stage, state=state) as kept:
        states = kept.states()
    if as_json:
        output.json([_document(entry, types[entry.name]) for entry in states])
    elif states:
        rows = [_row(entry, types[entry.name]) for entry in states]
        output.table(("SERVICE", "NAME", "TYPE", "VALUE", "CHANGED"), rows)
    else:
        output.echo("There are no secrets.")


def on_terminal(stream: TextIO) -> bool:
    """True if a person sees or types what is on the stream."""
    return stream.isatty()


def _row(entry: SecretState, kind: str) -> tuple[str, ...]:
    service, _, name = entry.name.partition(".")
    if entry.changed is None:
        return service, name, kind, "missing", ""
    return service, name, kind, "set", f"{entry.changed.astimezone():%Y-%m-%d %H:%M}"


def _document(entry: SecretState, kind: str) -> dict[str, object]:
    service, _, name = entry.name.partition(".")
    return {
        "service": service,
        "name": name,
        "type": kind,
        "set": entry.changed is not None,
        "changed": entry.changed,
    }


def _known(secret: str, program: Program) -> str:
    names = [model.name for model in program.model.of(SecretModel)]
    return platforms.known(secret, names, what="secret")


def _entered(name: str, *, prompt: bool) -> str:
    """Return the value from the prompt, or from standard input without one newline at the end."""
    if prompt:
        return str(click.prompt(f"Value of {name}", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UnreadableInput("Standard input is not UTF-8 text.", "Encode it in Base64.") from None
    return text.removesuffix("\n").removesuffix("\r")
