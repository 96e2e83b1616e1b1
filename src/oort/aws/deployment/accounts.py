"""Whose account the credentials belong to: asked first, so that a deployment fails before it begins."""

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
    """An account, who asks, and the partition: `aws`, `aws-cn`, `aws-us-gov`."""

    id: str
    caller: str
    partition: str


def account(clients: Clients) -> Account:
    """The account of the credentials. NoCredentials if there are none, or they have expired; Unavailable for a wrong region."""
    client = cast(_Sts, clients.get("sts"))
    try:
        found = ask(
            client.get_caller_identity,
            {},
            doing=f"asking whose credentials these are, in {clients.region}",
        )
    except Unavailable as error:
        instead = f"Is {clients.region} a region, and the one that [stages.…] in oort.toml means? Is there a network?"
        raise Unavailable(error.what, instead) from error
    return Account(found["Account"], found["Arn"], found["Arn"].split(":")[1])
