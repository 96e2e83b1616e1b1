"""The verdict on two JSON Schemas: yes, no with a witness, or unknown. Callers treat unknown as no.

By default the writer's schema is closed and the reader's schema is open, as for event classes, so
members may come and go. `as_is` compares the schemas unchanged.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from oort.rules.inclusion import meanings, membership
from oort.rules.inclusion.closed_and_open import closed, opened
from oort.rules.inclusion.documents import Document, Json, Subschema
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.unions import Conjunction
from oort.rules.inclusion.witness import Seeker

Mode: TypeAlias = Literal["backward", "forward", "full"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result. `witness` is a tuple with the one document that proves a no; the document may be
    null."""

    verdict: Literal["yes", "no", "unknown"]
    mode: Mode
    witness: tuple[Json] | None
    path: str
    reason: str


def compare(old: Json, new: Json, *, mode: Mode = "backward", as_is: bool = False) -> Verdict:
    """Compare the new schema with the old one.

    `backward`: every document of the old schema is valid under the new one; `forward`: the
    opposite;
    `full`: both.

    >>> compare({"type": "integer"}, {"type": "number"}).verdict
    'yes'
    >>> compare({"type": "number"}, {"type": "integer"}).witness
    (-0.5,)
    """
    pairs = {"backward": [(old, new)], "forward": [(new, old)], "full": [(old, new), (new, old)]}[
        mode
    ]
    try:
        verdicts = [_judged(written, read, mode, as_is=as_is) for written, read in pairs]
    except RecursionError:
        return Verdict("unknown", mode, None, "", "The schemas are nested too deeply.")
    order = ("no", "unknown", "yes")
    return min(verdicts, key=lambda verdict: order.index(verdict.verdict))


def _judged(left: Json, right: Json, mode: Mode, *, as_is: bool) -> Verdict:
    written, read = (left, right) if as_is else (closed(left), opened(right))
    same, ours, theirs = meanings.shared(written, read)
    if same:
        return Verdict("yes", mode, None, "", "The two schemas are the same.")
    accepts = Subschema(Document(read, number=2, meanings=theirs))
    left_node: Conjunction = frozenset({Subschema(Document(written, number=1, meanings=ours))})
    right_node: Conjunction = frozenset({accepts})
    prover = Prover()
    if prover.includes(left_node, right_node):
        return Verdict(
            "yes", mode, None, "", "Everything valid under the one schema is valid under the other."
        )
    stuck = prover.stuck or ""
    witness = Seeker(prover).witness(left_node, right_node)
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
