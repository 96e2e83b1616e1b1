"""Whether what is written can be read: `rules.inclusion`, with a witness that people recognise and the place that refuses it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from oort.model.contracts import Schema
from oort.model.items import Value
from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Document, Json, Place
from oort.rules.inclusion.membership import Check, admits, checks

_MOST = 10  # misfits of two schemas that are told


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is written and cannot be read. Without a witness nothing is proven either way; `schema` points to where it stopped.

    `pointer` leads to the place in the witness, `name` is the member there, and `holder` the type that lists it.
    """

    witness: tuple[Value] | None
    schema: str
    pointer: str
    name: str
    holder: str


def misfit(written: Schema, read: Schema, *, examples: Iterable[Value] = ()) -> Misfit | None:
    """Why not everything valid under the one schema is valid under the other; None if it is.

    The examples are of what is written. One that proves it is the witness: it says more to people than the smallest one,
    and there may be none but it.
    """
    found = compare(written, read, as_is=True)
    if found.verdict == "yes":
        return None
    place = Place(Document(read))
    proof = next((value for value in examples if admits(place, value) is False), None)
    if proof is not None:
        return _refusal(place, proof)
    if found.witness is not None:
        return _refusal(place, found.witness[0])
    steps = tuple(found.path.split("/")[1:])
    return Misfit(None, found.path, "", _member(steps), _holder(steps))


def misfits(written: Schema, read: Schema, *, examples: Iterable[Value] = ()) -> Iterator[Misfit]:
    """Everything that does not fit, a member at a time, as far as it can be told apart; at most ten.

    The later ones are what is left once the schema that reads asks nothing any more of the members before.
    """
    shown = tuple(examples)
    for _ in range(_MOST):
        found = misfit(written, read, examples=shown)
        if found is None:
            return
        yield found
        asked = _forgiving(read, found)
        if asked is None:
            return
        read = asked


def _forgiving(read: Schema, found: Misfit) -> Schema | None:
    """The schema without what it asks of the member that was found; None if that cannot be taken out by itself."""
    types = cast(Schema, read.get("$defs", {}))
    holder = (
        cast(Schema, types[found.holder]) if found.holder else read
    )  # a type that lists members
    properties, required = holder.get("properties", {}), holder.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return None
    if found.name not in required and properties.get(found.name, True) is True:
        return None
    kept: list[Value] = [name for name in required if name != found.name]
    asked: Schema = {**holder, "properties": {**properties, found.name: True}, "required": kept}
    return {**read, "$defs": {**types, found.holder: asked}} if found.holder else asked


def _refusal(place: Place, witness: Value) -> Misfit:
    """Follow the keywords that refuse down to the innermost one; the member is the last one by name on the way."""
    steps: list[str] = []
    value: Json = witness
    member, holder = "", _holder(place.steps)
    refused = _refused(place, value)
    while refused.inner is not None:
        inner, part = refused.inner
        steps += _step(refused.word, inner, value, part)
        if refused.word == "properties":
            member, holder = inner.steps[-1], _holder(place.steps)
        place, value = inner, part
        refused = _refused(place, value)
    own = _missing(place, value) if refused.word == "required" else []
    extra = _stranger(place, value) if refused.word == "additionalProperties" else []
    if own or (extra and place.known["additionalProperties"] is False):
        member, holder = (own or extra)[0], _holder(place.steps)
    pointer = "".join(
        "/" + step.replace("~", "~0").replace("/", "~1") for step in (*steps, *own, *extra)
    )
    return Misfit((witness,), f"{place.pointer}/{refused.word}", pointer, member, holder)


def _refused(place: Place, value: Json) -> Check:
    """The keyword that refuses; there is one in every schema that does not admit the value."""
    return next(check for check in checks(place, value, 0) if check.truth is False)


def _step(word: str, place: Place, value: Json, part: Json) -> list[str]:
    if word == "properties":
        return [place.steps[-1]]
    if word == "items" and isinstance(value, list):
        return [str(next(number for number, one in enumerate(value) if one is part))]
    return []


def _missing(place: Place, value: Json) -> list[str]:
    """The first required member that is not there."""
    held = value if isinstance(value, dict) else {}
    return [name for name in cast(list[str], place.known["required"]) if name not in held][:1]


def _stranger(place: Place, value: Json) -> list[str]:
    """The first member that the schema for all others does not admit."""
    held = value if isinstance(value, dict) else {}
    listed = cast(dict[str, Json], place.known.get("properties", {}))
    others = place.child("additionalProperties")
    return [
        name for name, one in held.items() if name not in listed and admits(others, one) is not True
    ][:1]


def _member(steps: tuple[str, ...]) -> str:
    """The innermost member that a pointer into a schema names."""
    inside = steps[2:] if steps[:1] == ("$defs",) else steps
    named = [inside[number + 1] for number, step in enumerate(inside[:-1]) if step == "properties"]
    return named[-1] if named else ""


def _holder(steps: tuple[str, ...]) -> str:
    """The type whose definition a pointer leads into."""
    return steps[1] if steps[:1] == ("$defs",) and len(steps) > 1 else ""
