"""IAM statements as data, and the ways that several kinds of grant build them."""

from collections.abc import Iterable
from dataclasses import dataclass

from oort.model.functions import FunctionModel, Grant
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a statement: an operator of IAM, the key that it looks at, and the values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """These actions are allowed on these resources, if the conditions hold."""

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Grantee:
    """The function that gets a grant, and where it runs."""

    function: FunctionModel
    platform: PlatformModel
    location: Location


def named(grant: Grant) -> str:
    """The id of a grant's statement, which has letters and digits only."""
    words = grant.resource.replace(".", "-").replace("_", "-").split("-")
    return grant.kind.value.capitalize() + "".join(word.capitalize() for word in words)


def only_rows(name: str, action: str, table: str, rows: Iterable[str]) -> Statement:
    """Leave to write the rows whose partition key looks like this."""
    keys = Condition("ForAllValues:StringLike", "dynamodb:LeadingKeys", tuple(rows))
    # ForAllValues also holds for a request without any key; this one does not.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    some = Condition("Null", "dynamodb:LeadingKeys", ("false",))
    return Statement(name, (action,), (table,), (keys, some))
