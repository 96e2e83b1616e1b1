"""A proof that takes too long ends, and members that cannot be there do not matter."""

from oort.rules.inclusion.documents import Document, Subschema
from oort.rules.inclusion.include import Prover
from tests.unit.rules.inclusion.test_verdicts import TEXT, WHOLE, Schema, shut

LEFT = frozenset({Subschema(Document({**TEXT, "pattern": "^b"}))})
RIGHT = frozenset({Subschema(Document({**TEXT, "not": {"pattern": "^a"}}))})


def test_a_proof_that_runs_out_of_steps_is_none() -> None:
    found = [Prover(_steps=spent).includes(LEFT, RIGHT) for spent in range(11_990, 12_002)]
    assert found[0] is True
    assert found[-1] is False
    assert found == sorted(found, reverse=True)


def test_a_member_that_is_never_there_may_have_a_name_that_is_not_understood() -> None:
    unclear: Schema = {"type": "object", "patternProperties": {"(?<=b)a": WHOLE}}
    left, right = (frozenset({Subschema(Document(schema))}) for schema in (shut(a=False), unclear))
    assert Prover().includes(left, right)
    assert not Prover().includes(frozenset({Subschema(Document(shut(a=TEXT)))}), right)


def test_elements_after_an_impossible_element_do_not_matter() -> None:
    left: Schema = {"type": "array", "prefixItems": [TEXT, False]}
    right: Schema = {"type": "array", "prefixItems": [TEXT], "items": WHOLE}
    one, other = (frozenset({Subschema(Document(schema))}) for schema in (left, right))
    assert Prover().includes(one, other)


def test_a_hasty_proof_refuses_what_only_other_forms_show() -> None:
    left: Schema = {"anyOf": [TEXT, WHOLE]}
    right: Schema = {"type": ["string", "integer"]}
    one, other = (frozenset({Subschema(Document(schema))}) for schema in (left, right))
    assert Prover().includes(one, other)
    assert not Prover(hasty=True).includes(one, other)
    assert Prover(hasty=True).includes(other, frozenset({Subschema(Document(right))}))
