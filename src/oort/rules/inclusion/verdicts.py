"""The verdict on two JSON Schemas: yes, no with a witness, or unknown. Callers treat unknown as no.

By default the writer's schema is closed and the reader's schema is open, as for event classes, so
members may come and go. `as_is` compares the schemas unchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias, TypeVar

from oort.rules.inclusion import meanings, membership
from oort.rules.inclusion.closed_and_open import closed, opened
from oort.rules.inclusion.differences import Follower
from oort.rules.inclusion.documents import ENDLESS, Document, Json, Spent, Subschema, Work
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.unions import Conjunction
from oort.rules.inclusion.witness import Seeker

# Steps of the proof and of the two searches for a witness. Together they take less than two seconds.
_PROOF, _FOLLOWING, _SEEKING = 35_000, 70_000, 25_000
_NEITHER = "Neither a proof nor a counter-example was found."
_LARGE = f"{_NEITHER} The schemas are too large to try everything."
_BESIDE = (
    "Keywords stand beside a $ref: draft 7 and OpenAPI 3.0 ignore them, later drafts do not. "
    "Name the draft in $schema."
)
_Sides: TypeAlias = tuple[tuple[Json, meanings.Content], ...]
Answer = TypeVar("Answer")
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
    contents = meanings.shared(written, read)
    if contents is None:
        return Verdict("yes", mode, None, "", "The two schemas are the same.")
    sides = tuple(zip((written, read), contents, strict=True))
    verdict = _compared(sides, mode, alone=False)
    if not any(content.doubtful for content in contents) or verdict.verdict == "unknown":
        return verdict
    other = _compared(sides, mode, alone=True)
    if verdict.verdict == other.verdict == "yes":
        return verdict
    for candidate in (verdict, other):
        if candidate.witness is not None and all(
            _proves(sides, candidate.witness, alone=alone) for alone in (False, True)
        ):
            return candidate
    return Verdict("unknown", mode, None, "", _BESIDE)


def _proves(sides: _Sides, witness: tuple[Json], *, alone: bool) -> bool:
    writes, accepts = _roots(sides, Work(), alone=alone)
    return (
        membership.admits(writes, witness[0]) is True
        and membership.admits(accepts, witness[0]) is False
    )


def _roots(sides: _Sides, work: Work, *, alone: bool) -> list[Subschema]:
    """Return the two schemas; with `alone`, keywords beside a doubtful `$ref` have no meaning."""
    return [
        Subschema(
            Document(
                root,
                name=number,
                number=number,
                meanings=content.numbers,
                distances=content.distances,
                work=work,
                alone=alone and content.doubtful,
            )
        )
        for number, (root, content) in enumerate(sides, start=1)
    ]


def _compared(sides: _Sides, mode: Mode, *, alone: bool) -> Verdict:
    work = Work()
    writes, accepts = _roots(sides, work, alone=alone)
    left_node: Conjunction = frozenset({writes})
    right_node: Conjunction = frozenset({accepts})
    prover = Prover()
    ended, proven = _within(work, _PROOF, partial(prover.includes, left_node, right_node))
    if proven:
        return Verdict(
            "yes", mode, None, "", "Everything valid under the one schema is valid under the other."
        )
    prover.interrupt()
    witness: tuple[Json] | None = None
    follower = Follower(prover if ended else replace(prover, hasty=True))
    searches = ((follower.witness, _FOLLOWING), (Seeker(prover).witness, _SEEKING))
    for search, steps in searches:
        if witness is None:
            searched, witness = _within(work, steps, partial(search, left_node, right_node))
            ended = ended and searched
    work.left = ENDLESS
    if witness is None:
        return Verdict("unknown", mode, None, prover.stuck or "", _NEITHER if ended else _LARGE)
    path = membership.blamed(accepts, witness[0])
    return Verdict(
        "no",
        mode,
        witness,
        path,
        "The witness is valid under the one schema and not under the other.",
    )


def _within(work: Work, steps: int, answer: Callable[[], Answer]) -> tuple[bool, Answer | None]:
    """Return the answer, with False in front of it if the steps were not enough."""
    work.left = steps
    try:
        return True, answer()
    except Spent:
        return False, None
