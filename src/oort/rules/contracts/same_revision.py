"""Two types with the same revision: one grew from the other, or two branches made the revision.

Each branch adds an upgrade to the same type. Then both have a revision 2, for example, and only
their schemas tell the two apart.
"""

from typing import cast

import msgspec

from oort.model.contracts import DataForm, DataLock, Schema, Schemas
from oort.model.items import Value
from oort.rules.contracts import members, revisions


def text(schemas: Schemas) -> str:
    """Return the schemas as a text, for a record of them."""
    return revisions.canonical({"reader": schemas.reader, "writer": schemas.writer}).decode()


def parsed(text: str) -> Schemas:
    """Return the schemas of a text from `text`."""
    document = cast(dict[str, Schema], msgspec.json.decode(text))
    return Schemas(document["writer"], document["reader"])


def are_strangers(before: Schemas, now: Schemas) -> bool:
    """True if neither type grew from the other.

    Then stored items of the one do not fit the other, or each has a field that the other lacks. A
    doubt is no proof: what is read is validated.
    """
    from oort.rules.contracts.fits import misfit  # a program starts without it

    unfit = misfit(stored(before), now.reader)
    proven = unfit is not None and unfit.witness is not None
    return proven or have_grown_apart(before, now)


def have_grown_apart(before: Schemas, now: Schemas) -> bool:
    """True if each type has a field that the other lacks."""
    return all(
        members.lost(left.writer, right.writer) for left, right in ((before, now), (now, before))
    )


def made_by_both(lock: DataLock, other: DataLock) -> list[int]:
    """Return the revisions that both locks have published without a shared form.

    The first revision has no upgrade: its types are compared as they are.
    """
    mine, theirs = _published(lock), _published(other)
    return [
        revision
        for revision in sorted({form.revision for form in mine} - {1})
        if (forms := [form for form in theirs if form.revision == revision])
        and not any(
            revisions.same_data(form, each)
            for form in forms
            for each in mine
            if each.revision == revision
        )
    ]


def stored(published: Schemas) -> Schema:
    """Return the schema of stored items: an update may have removed a field with a default."""
    types = cast(dict[str, Schema], published.writer.get("$defs", {}))
    readers = cast(dict[str, Schema], published.reader.get("$defs", {}))
    relaxed: dict[str, Value] = {
        name: _without_defaults(schema, readers.get(name, {})) for name, schema in types.items()
    }
    return {**published.writer, "$defs": relaxed} if relaxed else published.writer


def _published(lock: DataLock) -> tuple[DataForm, ...]:
    return (lock.form, *lock.earlier) if lock.published else ()


def _without_defaults(writer: Schema, reader: Schema) -> Schema:
    """Return the writer's schema of a class; only fields without a default are required."""
    needed = cast(list[Value], reader.get("required", []))
    fields = cast(dict[str, Schema], reader.get("properties", {}))
    required = cast(list[Value], writer.get("required", []))
    kept = [
        name
        for name in required
        if name in needed or "const" in fields.get(str(name), {"const": ""})
    ]
    return {**writer, "required": kept} if "required" in writer else writer
