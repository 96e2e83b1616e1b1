"""Refuse changes of indexes that DynamoDB does not make in an update, before anything is changed.

DynamoDB creates or deletes one index of a table in an update, and cannot change the key of an index.
CloudFormation would find out in the middle of a deployment.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from oort.model.delivery.deployments import StackRequest
from oort.model.errors import DeploymentFailed
from oort.ports.stacks import Stacks

_TABLE = "AWS::DynamoDB::Table"
# The attributes in the key of each index, with their types.
_Indexes: TypeAlias = dict[str, list[tuple[str, str]]]


class _Part(msgspec.Struct, rename="pascal"):
    attribute_name: str
    attribute_type: str = ""


class _Index(msgspec.Struct, rename="pascal"):
    index_name: str
    key_schema: list[_Part]


class _Table(msgspec.Struct, rename="pascal"):
    table_name: str = ""
    attribute_definitions: list[_Part] = []
    global_secondary_indexes: list[_Index] = []


class _Resource(msgspec.Struct, rename="pascal"):
    type: str
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class _Template(msgspec.Struct, rename="pascal"):
    resources: dict[str, _Resource] = {}


def refuse(requests: Iterable[StackRequest], stacks: Stacks) -> None:
    """Raise DeploymentFailed if a request changes the indexes of a running table in a way that fails."""
    refused = [
        reason
        for request in requests
        if (wanted := _tables(request.template)) and (running := stacks.template(request.name))
        for reason in _reasons(_tables(running), wanted)
    ]
    if refused:
        raise DeploymentFailed(
            " ".join(refused),
            "Nothing was changed. Deploy one change of an index of a table after the other: first the new"
            " index, under a new name.",
        )


def _reasons(running: dict[str, _Indexes], wanted: dict[str, _Indexes]) -> Iterator[str]:
    for table in sorted(running.keys() & wanted.keys()):
        before, after = running[table], wanted[table]
        for name in sorted(before.keys() & after.keys()):
            if before[name] != after[name]:
                yield f"The key of the index {name} of {table} cannot be changed."
        changed = sorted(before.keys() ^ after.keys())
        if len(changed) > 1:
            names = ", ".join(changed)
            yield f"{len(changed)} indexes of {table} cannot be created or deleted at once: {names}."


def _tables(template: bytes) -> dict[str, _Indexes]:
    """Return the indexes of each table of a template; no table for a template that Oort did not write."""
    try:
        resources = msgspec.json.decode(template, type=_Template).resources
        tables = [
            msgspec.json.decode(resource.properties, type=_Table)
            for resource in resources.values()
            if resource.type == _TABLE
        ]
    except msgspec.DecodeError:  # also the base of ValidationError
        return {}
    return {table.table_name: _indexes(table) for table in tables}


def _indexes(table: _Table) -> _Indexes:
    types = {part.attribute_name: part.attribute_type for part in table.attribute_definitions}
    return {
        index.index_name: [
            (part.attribute_name, types.get(part.attribute_name, "")) for part in index.key_schema
        ]
        for index in table.global_secondary_indexes
    }
