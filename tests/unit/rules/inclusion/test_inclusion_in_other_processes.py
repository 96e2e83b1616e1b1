"""The same schemas have the same verdict and the same witness in every process, whatever order its sets have."""

import subprocess
import sys

from tests.repeats import times

PROGRAM = """
import json
from oort.rules.inclusion import compare
text, number = {"type": "string"}, {"type": "integer"}
line = {"type": "object", "properties": {"sku": text, "pieces": number}, "required": ["sku", "pieces"]}
one = {"type": "object", "properties": {"id": text, "email": text, "lines": {"type": "array", "items": line}},
       "required": ["id", "email", "lines"]}
pairs = [
    (one, {**one, "required": ["id", "email", "lines", "country"]}),
    (one, {**one, "properties": {**one["properties"], "email": {"type": "string", "pattern": "^[a-z]+$"}}}),
    ({"anyOf": [text, number, line]}, {"anyOf": [number, line]}),
    ({"allOf": [one, {"required": ["a", "b", "c"]}]}, {"allOf": [one, {"required": ["a", "b", "c", "d"]}]}),
    ({"type": "object", "patternProperties": {"^a": text, "^b": number}}, {"type": "object", "additionalProperties": text}),
    ({"type": ["string", "null", "boolean"]}, {"enum": ["x", None]}),
    ({"oneOf": [one, line]}, {"oneOf": [line, {**one, "not": {"required": ["pieces"]}}]}),
    ({**one, "not": {"properties": {"id": {"const": ""}, "email": text}}}, {**one, "not": {"required": ["a", "b", "c"]}}),
    ({**one, "dependentRequired": {"a": ["b"], "c": ["d"]}}, {**one, "dependentRequired": {"a": ["d"], "b": ["c"]}}),
    ({"type": "array", "contains": text, "minContains": 2}, {"type": "array", "contains": {"enum": ["a", "b"]}}),
    ({"not": {"anyOf": [text, number]}}, {"not": {"enum": [None, True, [], {}]}}),
]
for old, new in pairs:
    for mode in ("backward", "forward", "full"):
        for as_is in (True, False):
            found = compare(old, new, mode=mode, as_is=as_is)
            print(json.dumps([found.verdict, found.witness, found.path, found.reason]))
"""


def said(seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_verdict_does_not_depend_on_the_order_of_sets() -> None:
    first = said(0)
    assert len(first.splitlines()) == 6 * 11
    assert [seed for seed in range(1, 1 + times(6, least=2)) if said(seed) != first] == []
