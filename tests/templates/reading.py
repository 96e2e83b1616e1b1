"""Reads a template as AWS would: references filled in for one account, and who may do what to what."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from oort.cloudformation import rendering
from oort.cloudformation.resources import Template
from oort.rules.cloud.deployed import FunctionEnvironment

Found: TypeAlias = dict[str, Any]  # what JSON holds: tests look into all of it

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-north-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


class Allowed(NamedTuple):
    """One action on one resource, with the condition as text."""

    action: str
    resource: str
    condition: str = ""


def read(template: Template) -> Found:
    """The template as CloudFormation reads it."""
    found = json.loads(rendering.rendered(template))
    assert isinstance(found, dict)
    return found


def of_type(document: Found, name: str) -> dict[str, Found]:
    """The properties of every resource of a type, by id."""
    return {
        one: it["Properties"]
        for one, it in document["Resources"].items()
        if it["Type"] == f"AWS::{name}"
    }


def filled(value: object) -> str:
    """A text with its references filled in; what only AWS knows stands in angle brackets."""
    if isinstance(value, str):
        return value
    assert isinstance(value, dict), value
    if "Ref" in value:
        return PSEUDO.get(value["Ref"], f"<{value['Ref']}>")
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return _IN_TEXT.sub(lambda match: PSEUDO.get(match[1], f"<{match[1]}>"), value["Fn::Sub"])


def walk(value: object) -> Iterator[object]:
    """The value and everything in it."""
    yield value
    inside = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    for one in inside:
        yield from walk(one)


def references(value: object) -> Iterator[str]:
    """Every name that is referred to, attributes left out."""
    for one in walk(value):
        if isinstance(one, dict) and "Ref" in one:
            yield one["Ref"]
        if isinstance(one, dict) and "Fn::GetAtt" in one:
            yield one["Fn::GetAtt"][0]
        if isinstance(one, dict) and "Fn::Sub" in one:
            yield from (match.partition(".")[0] for match in _IN_TEXT.findall(one["Fn::Sub"]))


def statements(role: Found) -> list[Found]:
    """The statements of a role's own policies."""
    return [
        one for policy in role.get("Policies", []) for one in policy["PolicyDocument"]["Statement"]
    ]


def allowed(role: Found) -> set[Allowed]:
    """Everything that a role may do."""
    return {
        Allowed(action, filled(resource), _condition(one.get("Condition", {})))
        for one in statements(role)
        for action in one["Action"]
        for resource in one["Resource"]
        if one["Effect"] == "Allow"
    }


def environment(function: Found) -> FunctionEnvironment[str]:
    """What a function reads of its environment variables."""
    variables = function["Environment"]["Variables"]
    return FunctionEnvironment.read({name: filled(value) for name, value in variables.items()})


def roles(document: Found) -> dict[str, Found]:
    """The role of every function, by the function's name in the model."""
    made = of_type(document, "IAM::Role")
    return {
        environment(one).function: made[one["Role"]["Fn::GetAtt"][0]]
        for one in of_type(document, "Lambda::Function").values()
    }


def _condition(condition: Found) -> str:
    parts = [
        f"{operator} {key} {' '.join(map(filled, values if isinstance(values, list) else [values]))}"
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]
    return "; ".join(parts)
