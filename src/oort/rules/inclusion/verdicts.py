"""The verdict on two JSON Schemas: yes, no with a witness, or unknown, which callers treat as a refusal.

By default the rule of event classes holds: what is written is closed and what is read is open, so that members may come
and go. `as_is` compares the two as they are.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from oort.rules.inclusion import membership
from oort.rules.inclusion.closed_and_open import closed, opened
from oort.rules.inclusion.documents import Document, Json, Place, identity
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.unions import Node
from oort.rules.inclusion.witness import Seeker

Mode: TypeAlias = Literal["backward", "forward", "full"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided. `witness` holds one document that proves a no, and nothing else; it may be null."""

    verdict: Literal["yes", "no", "unknown"]
    mode: Mode
    witness: tuple[Json] | None
    path: str
    reason: str


def compare(old: Json, new: Json, *, mode: Mode = "backward", as_is: bool = False) -> Verdict:
    """Whether the new schema is compatible with the old one.

    `backward`: what is valid under the old one is valid under the new one; `forward`: the other way round; `full`: both.

    >>> compare({"type": "integer"}, {"type": "number"}).verdict
    'yes'
    >>> compare({"type": "number"}, {"type": "integer"}).witness
    (-0.5,)
    """
    pairs = {"backward": [(old, new)], "forward": [(new, old)], "full": [(old, new), (new, old)]}[
        mode
    ]
    try:
        found = [_judged(one, other, mode, as_is=as_is) for one, other in pairs]
    except RecursionError:
        return Verdict("unknown", mode, None, "", "The schemas are nested too deeply.")
    order = ("no", "unknown", "yes")
    return min(found, key=lambda verdict: order.index(verdict.verdict))


def _judged(left: Json, right: Json, mode: Mode, *, as_is: bool) -> Verdict:
    written, read = (left, right) if as_is else (closed(left), opened(right))
    if identity(written) == identity(read):
        return Verdict("yes", mode, None, "", "The two schemas are the same.")
    accepts = Place(Document(read, number=2))
    one: Node = frozenset({Place(Document(written, number=1))})
    other: Node = frozenset({accepts})
    prover = Prover()
    if prover.includes(one, other):
        return Verdict(
            "yes", mode, None, "", "Everything valid under the one schema is valid under the other."
        )
    stuck = prover.stuck or ""
    witness = Seeker(prover).witness(one, other)
    if witness is not None:
        path = membership.blamed(accepts, witness[0])
        return Verdict(
            "no",
            mode,
            witness,
            path,
            "The witness is valid under the one schema and not under the other.",
        )
    return Verdict("unknown", mode, None, stuck, "Neither a proof nor a counter-example was found.")
