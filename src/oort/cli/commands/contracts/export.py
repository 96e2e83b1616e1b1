"""`oort contracts export`: what the events and routes of a platform look like, for other programs and other languages."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli.arguments import options
from oort.cli.arguments.options import F
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.app.programs import Program

_FORMS = {
    "jsonschema": "JSON Schemas of what is written and of what is read (the default).",
    "asyncapi": "An AsyncAPI 3.0 document of all events.",
    "openapi": "An OpenAPI 3.1 document of all routes.",
    "cloudevents": "JSON Schemas of whole messages, with an example of each.",
    "eventbridge": "What `aws schemas create-schema` takes.",
}
_EPILOG = """\b
Examples:
  oort contracts export apps/cometbid
  oort contracts export apps/cometbid --asyncapi > asyncapi.json
"""


def _forms(command: F) -> F:
    """One flag for each form."""
    for form, told in reversed(_FORMS.items()):
        command = click.option(f"--{form}", is_flag=True, help=told)(command)
    return command


@click.command(
    cls=Command, epilog=_EPILOG, short_help="Print all events or routes in a form that others read."
)
@options.path_argument
@_forms
def export(*, path: Path, **forms: bool) -> None:
    """Print every version of every event that the platform in PATH publishes or consumes, as one JSON document, in one of
    these forms.

    --jsonschema lists name, version and key, where each stands, who publishes and who consumes it, and two JSON Schemas
    (2020-12): `writer`, closed, is what is published; `reader`, open, is what a consumer accepts, which passes over what it
    does not know. --asyncapi and --cloudevents describe what is on the wire: the CloudEvents envelope around the writer's
    schema. --eventbridge has the writer's schema in draft 4, without the envelope.
    """
    chosen = [form for form, asked in forms.items() if asked] or ["jsonschema"]
    if len(chosen) > 1:
        raise click.UsageError(
            f"{' and '.join(f'--{form}' for form in chosen)} are different forms: choose one."
        )
    _, program = platforms.load(path)
    output.json(_document(program, *chosen))


def _document(program: "Program", form: str) -> object:
    if form == "jsonschema":
        return _schemas(program)
    if form == "openapi":
        from oort.app.documents import openapi

        return openapi.document(program)
    if form == "asyncapi":
        from oort.app.documents import asyncapi

        return asyncapi.document(program)
    from oort.app.documents import exports

    return exports.cloudevents(program) if form == "cloudevents" else exports.eventbridge(program)


def _schemas(program: "Program") -> object:
    from oort.app.documents import event_contracts
    from oort.rules.events import event_schemas

    return [
        {
            "event": one.model.name,
            "version": one.model.version,
            "key": one.model.key,
            "service": one.model.service,
            "file": output.relative(one.model.source.file),
            "line": one.model.source.line,
            "producers": one.producers,
            "consumers": one.consumers,
            "writer": event_schemas.writer(one.kind),
            "reader": event_schemas.reader(one.kind),
        }
        for one in event_contracts.events(program)
    ]
