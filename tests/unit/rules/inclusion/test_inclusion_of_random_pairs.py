"""Random schemas and documents: a yes is never contradicted, a no is always proven, and unknown is rare."""

from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oort.rules.inclusion import compare
from oort.rules.inclusion.documents import Document, Json, Subschema
from oort.rules.inclusion.membership import admits
from tests.repeats import times
from tests.unit.rules.inclusion.validators import (
    Rich,
    changed,
    nullable,
    older,
    random_schema,
    random_value,
    readings,
    validator,
)

pytestmark = pytest.mark.unmeasured  # each branch has an example in the other files
seeds = st.integers(0, 10**9).map(Rich)


def pair(draw: Random) -> tuple[Json, Json]:
    """Two schemas, most often one and a changed one, in either order."""
    one = random_schema(draw)
    other = changed(one, draw) if draw.random() < 0.7 else random_schema(draw)
    return (one, other) if draw.random() < 0.5 else (other, one)


def check(old: Json, new: Json, draw: Random, *judged: tuple[Json, Json]) -> None:
    """That each judge, of the two schemas or of what they may mean, agrees with the verdict."""
    found = compare(old, new, as_is=True)
    for left, right in judged or ((old, new),):
        accepts_old, accepts_new = validator(left).is_valid, validator(right).is_valid
        if found.witness is not None:
            assert accepts_old(found.witness[0])
            assert not accepts_new(found.witness[0])
        for value in (random_value(draw) for _ in range(40 if found.verdict == "yes" else 0)):
            assert accepts_new(value) or not accepts_old(value), value


@settings(max_examples=times(400))
@given(seeds)
def test_another_validator_agrees_with_the_verdict(draw: Random) -> None:
    check(*pair(draw), draw)


@settings(max_examples=times(150))
@given(seeds)
def test_another_validator_agrees_across_drafts(draw: Random) -> None:
    old, new = map(older, pair(draw))
    check(old, new, draw)
    check(old, random_schema(draw), draw)
    check(random_schema(draw), new, draw)


@settings(max_examples=times(150))
@given(seeds)
def test_a_verdict_holds_whatever_nullable_means_where_it_has_no_meaning(draw: Random) -> None:
    old, new = (nullable(one, draw) for one in pair(draw))
    check(old, new, draw, *product(readings(old), readings(new)))


@settings(max_examples=times(300))
@given(seeds)
def test_another_validator_agrees_about_members(draw: Random) -> None:
    schema = random_schema(draw)
    accepts, place = validator(schema).is_valid, Subschema(Document(schema))
    for _ in range(20):
        value = random_value(draw)
        assert admits(place, value) in (accepts(value), None)


@settings(max_examples=times(200))
@given(seeds)
def test_a_schema_fits_itself(draw: Random) -> None:
    schema = random_schema(draw)
    assert compare(schema, schema, as_is=True, mode="full").verdict == "yes"
    # also when it is written in another way, so that equality cannot answer
    assert compare(schema, {"allOf": [schema]}, as_is=True).verdict != "no"
    assert compare({"anyOf": [schema, schema]}, schema, as_is=True).verdict != "no"


def test_at_most_one_pair_in_fifty_is_unknown() -> None:
    counts = Counter(compare(*pair(Rich(seed)), as_is=True).verdict for seed in range(400))
    assert counts["unknown"] <= 6, counts
    assert min(counts["yes"], counts["no"]) > 80
