"""A proof that takes too long ends."""

from oort.rules.inclusion.documents import Document, Subschema
from oort.rules.inclusion.include import Prover
from tests.unit.rules.inclusion.test_verdicts import TEXT

LEFT = frozenset({Subschema(Document({**TEXT, "pattern": "^b"}))})
RIGHT = frozenset({Subschema(Document({**TEXT, "not": {"pattern": "^a"}}))})


def test_a_proof_that_runs_out_of_steps_is_none() -> None:
    found = [Prover(_steps=spent).includes(LEFT, RIGHT) for spent in range(11_990, 12_002)]
    assert found[0] is True
    assert found[-1] is False
    assert found == sorted(found, reverse=True)
