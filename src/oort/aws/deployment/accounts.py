"""The account of the credentials, read first: without credentials a deployment fails
before its first change.
"""

from dataclasses import dataclass
from typing import Protocol, TypedDict, cast

from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.model.errors import Unavailable


class _Caller(TypedDict):
    Account: str
    Arn: str


class _Sts(Protocol):
    def get_caller_identity(self) -> _Caller: ...


@dataclass(frozen=True, slots=True)
class Account:
    """An account, its caller's ARN, and the partition: `aws`, `aws-cn`, `aws-us-gov`."""

    id: str
    caller: str
    partition: str


def account(clients: Clients) -> Account:
    """Return the account of the credentials.

    NoCredentials if there are none, or they have expired; Unavailable for a wrong region.
    """
    client = cast(_Sts, clients.get("sts"))
    try:
        caller = ask(
            client.get_caller_identity,
            {},
            doing=f"asking whose credentials these are, in {clients.region}",
        )
    except Unavailable as error:
        instead = (
            f"Check that {clients.region} is the region that you mean in [stages.…] of oort.toml,"
            " and that there is a network."
        )
        raise Unavailable(error.what, instead) from error
    return Account(caller["Account"], caller["Arn"], caller["Arn"].split(":")[1])
