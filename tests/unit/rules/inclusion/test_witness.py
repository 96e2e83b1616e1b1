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


def test_there_is_no_array_with_more_different_elements_than_there_are() -> None:
    few: Schema = {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2]}}
    one, shorter, longer = (
        frozenset({Subschema(Document({**few, "maxItems": most}))}) for most in (99, 1, 7)
    )
    assert Seeker(Prover()).witness(one, shorter) is not None
    assert Seeker(Prover()).witness(one, longer) is None
