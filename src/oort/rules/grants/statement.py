"""IAM statements as data, and their construction for several kinds of grant."""

from collections.abc import Iterable
from dataclasses import dataclass

from oort.model.functions import FunctionModel, Grant
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class IamCondition:
    """A condition of a statement: an IAM operator, a condition key, and its values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A policy statement: these actions are allowed on these resources, under these conditions."""

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[IamCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Grantee:
    """The function that gets a grant, its platform and its stage."""

    function: FunctionModel
    platform: PlatformModel
    location: Location


def named(grant: Grant) -> str:
    """Return the id of a grant's statement, with letters and digits only."""
    words = grant.resource.replace(".", "-").replace("_", "-").split("-")
    return grant.kind.value.capitalize() + "".join(word.capitalize() for word in words)


def only_rows(name: str, action: str, table: str, rows: Iterable[str]) -> Statement:
    """Allow an action on the rows with these partition keys only."""
    keys = IamCondition("ForAllValues:StringLike", "dynamodb:LeadingKeys", tuple(rows))
    # ForAllValues also holds for a request without any key; the second condition refuses it.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    some = IamCondition("Null", "dynamodb:LeadingKeys", ("false",))
    return Statement(name, (action,), (table,), (keys, some))
