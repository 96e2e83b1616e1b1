"""P18, P19: the reference platform goes from version 1 of SignedUp to version 2 while people sign up, in both orders."""

import itertools
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from oort import Service
from oort.app.loading import projects
from oort.testing import Platform
from oort.testing.responses import Response

COMETBID = Path(__file__).resolve().parents[2] / "apps" / "cometbid"
CONSUMERS = ("email", "analytics", "onboarding")
_NUMBERS = itertools.count()  # a package of its own for every copy: Python imports a name once

VERSION_TWO = '''
from oort import downcast, upcast


@event("accounts.signed-up", version=2, key="account_id")
class SignedUp(Event):
    """Somebody created an account, and speaks a language."""

    account_id: str
    address: str
    country: str
    language: str


@upcast
def with_language(old: SignedUpV1) -> SignedUp:
    return SignedUp(account_id=old.account_id, address=old.email, country=old.country, language="en")


@downcast
def without_language(new: SignedUp) -> SignedUpV1:
    return SignedUpV1(account_id=new.account_id, email=new.address, country=new.country)
'''


def at_version(folder: Path, *, producer: int, consumers: int) -> list[Service]:
    """The services of the reference platform, with these versions of SignedUp in use."""
    name = f"cometbid_at_{next(_NUMBERS)}"
    copy = folder / name
    shutil.copytree(COMETBID, copy, ignore=shutil.ignore_patterns("__pycache__", ".oort"))
    for file in (*copy.rglob("*.py"), copy / "oort.toml"):
        text = file.read_text().replace("cometbid.", f"{name}.")
        file.write_text(text.replace('"cometbid.', f'"{name}.'))
    contracts = copy / "contracts" / "accounts.py"
    contracts.write_text(
        contracts.read_text().replace("class SignedUp(", "class SignedUpV1(") + VERSION_TWO
    )
    http = copy / "accounts" / "http.py"
    edit(http, "SignedUp\n", "SignedUp\n" if producer == 2 else "SignedUpV1 as SignedUp\n")
    if producer == 2:
        edit(http, "SignedUp(account_id=account.id, email=account.email, country=account.country)",
             'SignedUp(account_id=account.id, address=account.email, country=account.country, language="no")')  # fmt: skip
    for service in CONSUMERS:
        file = copy / service / "service.py"
        edit(
            file,
            "import SignedUp\n",
            "import SignedUp\n" if consumers == 2 else "import SignedUpV1 as SignedUp\n",
        )
    if consumers == 2:
        edit(copy / "email" / "service.py", "event.email", "event.address")
    return projects.services(projects.find(copy))


def edit(file: Path, old: str, new: str) -> None:
    """Replace a piece of a file that is there."""
    text = file.read_text()
    assert old in text, (file, old)
    file.write_text(text.replace(old, new))


class Memory:
    """The mail server of all versions."""

    def __init__(self) -> None:
        self.to: set[str] = set()

    def send(self, mail: Any, *, reference: str) -> None:
        """Remember whom."""
        self.to.add(mail.to)


def use(platform: Platform, services: Iterable[Service], memory: Memory) -> None:
    """Send through the memory, whatever the module of the port is called in this copy."""
    (email,) = (one for one in services if one.name == "email")
    kind = next(iter(email.declared.providers)).factory.__annotations__["return"].__args__[0]

    def provided() -> object:
        return memory

    provided.__annotations__["return"] = kind
    platform.provide(provided)


def handlers(services: Iterable[Service]) -> list[Any]:
    """What consumes events and messages."""
    names = {"welcome", "deliver", "count", "first_workspace"}
    return [
        one.call
        for service in services
        for one in service.declared.handlers
        if one.call.__name__ in names
    ]


def document(reply: Response) -> Any:
    """What a reply says."""
    return reply.json()


def workspaces(platform: Platform) -> int:
    """How many there are, page by page."""
    found, query = 0, ""
    while True:
        page = document(
            platform.get(f"/onboarding/workspaces{query}", as_="ada", groups=["support"])
        )
        found += len(page["items"])
        if page["next"] is None:
            return found
        query = f"?cursor={page['next']}"


ORDERS = [
    pytest.param([(1, 1), (1, 2), (2, 2)], id="consumers-first"),
    pytest.param([(1, 1), (2, 1), (2, 2)], id="producer-first"),
    pytest.param([(1, 1), (2, 2)], id="all-at-once"),
    pytest.param([(1, 1), (2, 1), (1, 1), (1, 2), (2, 2)], id="back-and-forth"),
]


@pytest.mark.parametrize("order", ORDERS)
def test_everybody_who_signs_up_is_welcomed_counted_and_has_a_workspace(
    order: list[tuple[int, int]], tmp_path: Path
) -> None:
    memory, addresses, today = Memory(), list[str](), ""
    stages = [
        at_version(tmp_path, producer=producer, consumers=consumers)
        for producer, consumers in order
    ]
    with Platform(*stages[0]) as platform:
        for number, services in enumerate(stages):
            if number:
                platform.redeploy(*services)
            use(platform, services, memory)
            for half in range(2):
                for turn in range(5):
                    addresses.append(f"n{number}-{half}-{turn}@example.com")
                    made = platform.post("/accounts", {"email": addresses[-1], "country": "NO"})
                    assert made.status == 201
                    today = document(made)["created"][:10]
                if (
                    not half
                ):  # the second half waits in the outbox while the next version is deployed
                    platform.settle()
        platform.settle()
        assert memory.to == set(addresses)
        counts = document(platform.get(f"/analytics/counts/{today}"))["items"]
        assert [one["sign_ups"] for one in counts] == [len(addresses)]
        assert workspaces(platform) == len(addresses)
        for handler in handlers(stages[-1]):
            assert platform.parked(handler) == []
            assert platform.dead_letters(handler) == []
        assert platform.failures() == []
