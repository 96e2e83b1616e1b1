"""A search for a witness that takes too long ends."""

from oort.rules.inclusion.documents import Document, Subschema
from oort.rules.inclusion.include import Prover
from oort.rules.inclusion.witness import Seeker
from tests.unit.rules.inclusion.test_verdicts import TEXT, Schema

LEFT = frozenset({Subschema(Document({**TEXT, "pattern": "^b"}))})
RIGHT = frozenset({Subschema(Document({**TEXT, "not": {"pattern": "^a"}}))})


def test_a_search_that_runs_out_of_patience_finds_nothing() -> None:
    assert Seeker(Prover()).witness(RIGHT, LEFT) is not None
    assert Seeker(Prover(), _looked=[None] * 10_000).witness(RIGHT, LEFT) is None


def test_arrays_of_different_elements_are_as_long_as_there_are_elements() -> None:
    few: Schema = {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2]}}
    one, other = (frozenset({Subschema(Document({**few, "maxItems": n}))}) for n in (9, 1))
    found = Seeker(Prover()).witness(one, other)
    assert found is not None
    assert sorted(found[0]) == [1, 2]  # type: ignore[arg-type,type-var]
