"""`oort contracts export`: print events and routes in formats for other programs and languages."""

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
    "jsonschema": "JSON Schemas of writers and readers (the default).",
    "data": "JSON Schemas of items of tables, messages of queues, and calls.",
    "asyncapi": "An AsyncAPI 3.0 document of all events.",
    "openapi": "An OpenAPI 3.1 document of all routes.",
    "cloudevents": "JSON Schemas of messages with their envelope, with an example of each.",
    "eventbridge": "Input for `aws schemas create-schema`.",
}
_EPILOG = """\b
Examples:
  oort contracts export apps/cometbid
  oort contracts export apps/cometbid --asyncapi > asyncapi.json
"""


def _forms(command: F) -> F:
    for form, help_text in reversed(_FORMS.items()):
        command = click.option(f"--{form}", is_flag=True, help=help_text)(command)
    return command


@click.command(
    cls=Command, epilog=_EPILOG, short_help="Print all events or routes in a standard format."
)
@options.path_argument
@_forms
def export(*, path: Path, **forms: bool) -> None:
    """Print the contracts of the platform in PATH as one JSON document: every version of every event
    that is published or consumed, the routes, or the data.

    --jsonschema lists name, version, key, source location, producers, consumers, and two JSON
    Schemas (2020-12): `writer`, closed, describes published events; `reader`, open, describes
    accepted events, with unknown members ignored. --asyncapi and --cloudevents describe messages as
    sent: the CloudEvents envelope around the writer's schema. --data lists tables, queues and calls
    with the schemas of their parts: `item`, `message`, or `request` and `reply`. --eventbridge has the writer's schema
    in draft 4, without the envelope.
    """
    chosen = [form for form, is_set in forms.items() if is_set] or ["jsonschema"]
    if len(chosen) > 1:
        raise click.UsageError(
            f"{' and '.join(f'--{form}' for form in chosen)} are different formats: choose one of them."
        )
    _, program = platforms.load(path)
    output.json(_document(program, *chosen))


def _document(program: "Program", form: str) -> object:
    if form == "jsonschema":
        return _schemas(program)
    if form == "data":
        return _data(program)
    if form == "openapi":
        from oort.app.documents import openapi

        return openapi.document(program)
    if form == "asyncapi":
        from oort.app.documents import asyncapi

        return asyncapi.document(program)
    from oort.app.documents import exports

    return exports.cloudevents(program) if form == "cloudevents" else exports.eventbridge(program)


def _data(program: "Program") -> object:
    from oort.app.documents import data_contracts

    return [
        {
            data.kind.value: data.name,
            "service": data.service,
            "file": output.relative(data.source.file),
            "line": data.source.line,
            "key": dict(data.form.key),
            "revision": data.form.revision,
            "functions": data.users,
            **{
                name: {"writer": part.writer, "reader": part.reader}
                for name, part in data.form.parts.items()
            },
        }
        for data in data_contracts.declared(program)
    ]


def _schemas(program: "Program") -> object:
    from oort.app.documents import event_contracts
    from oort.rules.events import event_schemas

    return [
        {
            "event": event.model.name,
            "version": event.model.version,
            "key": event.model.key,
            "service": event.model.service,
            "file": output.relative(event.model.source.file),
            "line": event.model.source.line,
            "producers": event.producers,
            "consumers": event.consumers,
            "writer": event_schemas.writer(event.kind),
            "reader": event_schemas.reader(event.kind),
        }
        for event in event_contracts.events(program)
    ]
