"""Check that written documents can be read.

`rules.inclusion` decides; this module adds a readable witness and the place of the refusal.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from oort.model.contracts import Finding, Schema
from oort.model.items import Value
from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Document, Json, Subschema
from oort.rules.inclusion.membership import Check, admits, checks

_MOST = 10  # misfits to report for two schemas


@dataclass(frozen=True, slots=True)
class Misfit:
    """A written document that cannot be read.

    Without a witness, the answer is unknown, and `schema` is the JSON pointer where the proof
    stopped. `pointer` leads into the witness, `name` is the member there, and `holder` the type
    that lists it.
    """

    witness: tuple[Value] | None
    schema: str
    pointer: str
    name: str
    holder: str


def shown(finding: Finding, unfit: Misfit, *, side: str, refuses: str) -> Finding:
    """Return the finding with the proof of the misfit and its place."""
    return replace(
        finding,
        pointer=unfit.pointer,
        name=unfit.name,
        holder=unfit.holder,
        witness=unfit.witness,
        refuses=refuses,
        side=side,
    )


def misfit(written: Schema, read: Schema, *, examples: Iterable[Value] = ()) -> Misfit | None:
    """Return a proof that the reader refuses some written document, or None if it accepts all.

    `examples` are written documents. An example is preferred as the witness: people understand it
    better
    than the smallest counter-example, and it may be the only proof.
    """
    verdict = compare(written, read, as_is=True)
    if verdict.verdict == "yes":
        return None
    subschema = Subschema(Document(read))
    proof = next((value for value in examples if admits(subschema, value) is False), None)
    if proof is not None:
        return _refusal(subschema, proof)
    if verdict.witness is not None:
        return _refusal(subschema, verdict.witness[0])
    steps = tuple(verdict.path.split("/")[1:])
    return Misfit(None, verdict.path, "", _member(steps), _holder(steps))


def misfits(written: Schema, read: Schema, *, examples: Iterable[Value] = ()) -> Iterator[Misfit]:
    """Yield up to ten misfits, one for each member.

    After each misfit, the search continues with a reader that accepts anything for that member.
    """
    known_examples = tuple(examples)
    for _ in range(_MOST):
        unfit = misfit(written, read, examples=known_examples)
        if unfit is None:
            return
        yield unfit
        relaxed = _forgiving(read, unfit)
        if relaxed is None:
            return
        read = relaxed


def is_tag(read: Schema, unfit: Misfit) -> bool:
    """True if the misfit's member is the tag of a union: no field of the class that holds it."""
    types = cast(Schema, read.get("$defs", {}))
    holder = cast(Schema, types.get(unfit.holder, {})) if unfit.holder else read
    fields = cast(Schema, holder.get("properties", {}))
    member = fields.get(unfit.name)
    constant = isinstance(member, dict) and "const" in member
    return bool(unfit.name) and (constant or unfit.name not in fields)


def _forgiving(read: Schema, unfit: Misfit) -> Schema | None:
    """Return the schema without the requirements for the misfit's member; None if impossible."""
    types = cast(Schema, read.get("$defs", {}))
    # The type that lists the members.
    holder = cast(Schema, types[unfit.holder]) if unfit.holder else read
    properties, required = holder.get("properties", {}), holder.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return None
    if unfit.name not in required and properties.get(unfit.name, True) is True:
        return None
    kept: list[Value] = [name for name in required if name != unfit.name]
    relaxed: Schema = {**holder, "properties": {**properties, unfit.name: True}, "required": kept}
    return {**read, "$defs": {**types, unfit.holder: relaxed}} if unfit.holder else relaxed


def _refusal(subschema: Subschema, witness: Value) -> Misfit:
    """Follow the refusing keywords down to the innermost one. The member is the last name on the
    way."""
    steps: list[str] = []
    value: Json = witness
    member, holder = "", _holder(subschema.steps)
    refused = _refused(subschema, value)
    while refused.inner is not None:
        inner, part = refused.inner
        steps += _step(refused.word, inner, value, part)
        if refused.word == "properties":
            member, holder = inner.steps[-1], _holder(subschema.steps)
        subschema, value = inner, part
        refused = _refused(subschema, value)
    missing = _missing(subschema, value) if refused.word == "required" else []
    extra = _stranger(subschema, value) if refused.word == "additionalProperties" else []
    if missing or (extra and subschema.known["additionalProperties"] is False):
        member, holder = (missing or extra)[0], _holder(subschema.steps)
    pointer = "".join(
        "/" + step.replace("~", "~0").replace("/", "~1") for step in (*steps, *missing, *extra)
    )
    return Misfit((witness,), f"{subschema.pointer}/{refused.word}", pointer, member, holder)


def _refused(subschema: Subschema, value: Json) -> Check:
    """Return the keyword that refuses the value. The schema must refuse the value."""
    return next(check for check in checks(subschema, value, 0) if check.truth is False)


def _step(word: str, subschema: Subschema, value: Json, part: Json) -> list[str]:
    if word == "properties":
        return [subschema.steps[-1]]
    if word == "items" and isinstance(value, list):
        return [str(next(number for number, element in enumerate(value) if element is part))]
    return []


def _missing(subschema: Subschema, value: Json) -> list[str]:
    """Return the first missing required member."""
    members = value if isinstance(value, dict) else {}
    return [name for name in cast(list[str], subschema.known["required"]) if name not in members][
        :1
    ]


def _stranger(subschema: Subschema, document: Json) -> list[str]:
    """Return the first unlisted member that the schema for unlisted members refuses."""
    members = document if isinstance(document, dict) else {}
    listed = cast(dict[str, Json], subschema.known.get("properties", {}))
    unlisted = subschema.child("additionalProperties")
    return [
        name
        for name, value in members.items()
        if name not in listed and admits(unlisted, value) is not True
    ][:1]


def _member(steps: tuple[str, ...]) -> str:
    """Return the innermost member name in a pointer into a schema."""
    inside = steps[2:] if steps[:1] == ("$defs",) else steps
    named = [inside[number + 1] for number, step in enumerate(inside[:-1]) if step == "properties"]
    return named[-1] if named else ""


def _holder(steps: tuple[str, ...]) -> str:
    """Return the type whose definition a pointer leads into."""
    return steps[1] if steps[:1] == ("$defs",) and len(steps) > 1 else ""
