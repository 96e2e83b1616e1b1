"""The interface of a template and its functions: names that one writes and the other reads.

Constructs of CloudFormation write them; the adapters in Lambda and the delivery read them. Each
name is defined once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from oort.model.errors import InvalidUse

PREFIX: Final = "OORT_"  # of every variable below; a user's own variables may not begin with it
HANDLER: Final = "oort.aws.entry.handle"

_PLATFORM: Final = f"{PREFIX}PLATFORM"
_STAGE: Final = f"{PREFIX}STAGE"
_FUNCTION: Final = f"{PREFIX}FUNCTION"
_PACKAGES: Final = f"{PREFIX}PACKAGES"
_PARTITION: Final = f"{PREFIX}PARTITION"
_ACCOUNT: Final = f"{PREFIX}ACCOUNT"
_CALLS: Final = f"{PREFIX}CALLS"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEnvironment(Generic[T]):
    """The environment variables of a function. `T` is text, or an expression of CloudFormation.

    `calls` names the function that answers each call: the caller's package does not contain the
    other service.

    >>> environment = FunctionEnvironment(
    ...     platform="market", stage="prod", function="shop.show", packages=("market.shop",),
    ...     partition="aws", account="123456789012", calls={"bank.pay": "bank.pay_out"},
    ... )
    >>> FunctionEnvironment.read(environment.variables()) == environment
    True
    """

    platform: str
    stage: str
    function: str
    packages: tuple[str, ...]
    partition: T
    account: T
    calls: Mapping[str, str] = field(default_factory=dict[str, str])

    def variables(self) -> dict[str, str | T]:
        """Return the variables of a template."""
        calls = ",".join(f"{call}={answer}" for call, answer in self.calls.items())
        return {
            _PLATFORM: self.platform,
            _STAGE: self.stage,
            _FUNCTION: self.function,
            _PACKAGES: ",".join(self.packages),
            _PARTITION: self.partition,
            _ACCOUNT: self.account,
            **({_CALLS: calls} if calls else {}),
        }

    @staticmethod
    def read(variables: Mapping[str, str]) -> "FunctionEnvironment[str]":
        """Return the environment of the running function. InvalidUse for a missing variable."""
        pairs = [pair.partition("=") for pair in variables.get(_CALLS, "").split(",") if pair]
        return FunctionEnvironment(
            platform=required(variables, _PLATFORM),
            stage=required(variables, _STAGE),
            function=required(variables, _FUNCTION),
            packages=tuple(required(variables, _PACKAGES).split(",")),
            partition=required(variables, _PARTITION),
            account=required(variables, _ACCOUNT),
            calls={call: answer for call, _, answer in pairs},
        )


def required(variables: Mapping[str, str], name: str) -> str:
    """Return the value of a variable. InvalidUse if the variable is missing or empty."""
    value = variables.get(name)
    if not value:
        raise InvalidUse(
            f"The environment variable {name} is missing.",
            "Deploy the function with `oort deploy`.",
        )
    return value


class Metrics:
    """CloudWatch metrics that functions write and alarms read."""

    NAMESPACE: Final = "Oort"
    NEWLY_PARKED: Final = "NewlyParked"
    ERRORS: Final = "Errors"
    DURATION: Final = "Duration"
    DIMENSIONS: Final = ("platform", "stage", "service")

    @staticmethod
    def dimensions(*, platform: str, stage: str, service: str) -> dict[str, str]:
        """Return the value of each dimension, in order."""
        return dict(zip(Metrics.DIMENSIONS, (platform, stage, service), strict=True))


class OutboxTable:
    """Attributes of an outbox row. The stream carries each new row to the relay."""

    ROW: Final = "row"
    ID: Final = "id"
    MESSAGE: Final = "message"
    SENT: Final = "sent"
    DELAY: Final = "delay"
    KEY: Final = (ROW, ID)
    SEND: Final = "send"  # the beginning of the row key of a message for a queue
    PUBLISH: Final = "publish"  # the beginning of the row key of an event
    STREAM_VIEW: Final = "NEW_IMAGE"
    IMAGE: Final = "NewImage"  # the member of a stream record that this view fills


class InboxTable:
    """Attributes of an inbox item: an inbox mark, or an external effect with its lease."""

    ID: Final = "id"
    KEY: Final = (ID,)
    EXPIRES: Final = "expires"  # in Unix seconds: DynamoDB deletes the item some time after it
    HOLDER: Final = "holder"
    UNTIL: Final = "until"
    RESULT: Final = "result"


class Outputs:
    """Outputs of stacks."""

    BUCKET: Final = "Bucket"
    USER_POOL_ID: Final = "UserPoolId"
    CLIENT_ID: Final = "ClientId"
    API_URL: Final = "ApiUrl"
