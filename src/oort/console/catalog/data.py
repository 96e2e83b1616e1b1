"""The part of a service's page about its data: tables, queues and calls with their fields."""

from collections.abc import Iterator

from oort.app.documents import data_contracts
from oort.app.programs import Program
from oort.console.catalog import fields
from oort.console.catalog.blocks import Block, Facts, Heading, Paragraph, Phrase, words
from oort.model.contracts import DeclaredData


def blocks(program: Program, service: str) -> Iterator[Block]:
    """Yield a heading and the fields for each table, queue and call of the service.

    InvalidProgram for a type without a schema.
    """
    mine = [data for data in data_contracts.declared(program) if data.service == service]
    if mine:
        yield Heading(2, "Data", "data")
    for data in sorted(mine, key=lambda data: (data.kind, data.name)):
        anchor = f"{data.kind}.{data.name}"
        yield Heading(3, f"{data.kind.capitalize()} {data.name}", anchor)
        yield Facts(tuple(_facts(data)))
        for part, schemas in data.form.parts.items():
            if len(data.form.parts) > 1:
                yield Paragraph(words(f"The {part} has these fields."))
            yield from fields.blocks(schemas.reader, prefix=f"{anchor}.{part}.")


def _facts(data: DeclaredData) -> Iterator[tuple[str, Phrase]]:
    if data.form.key:
        key = ", ".join(f"{name} ({kind})" for name, kind in data.form.key.items())
        yield "Key", words(key)
    yield "Revision", words(str(data.form.revision))
    yield "Used by", words(", ".join(data.users) or "nobody")
