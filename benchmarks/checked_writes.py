"""Claim: to hold an item of about 500 bytes against its declared type before it is written costs less than 5 µs.

Both contenders return the item in the types of JSON, after a check of every field: Oort from a Struct, pydantic
from an instance that it validates again. The check alone is what Oort's door costs beyond msgspec's own conversion.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Annotated

import msgspec
import pydantic

from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from oort.rules.types import models, values

_TIMES = 20_000
_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Address(msgspec.Struct):
    """A nested object."""

    street: str
    city: str
    country: Annotated[str, msgspec.Meta(min_length=2, max_length=2)]


class Account(msgspec.Struct):
    """An item with a field of each usual kind."""

    id: str
    email: str
    created: datetime
    address: Address
    tags: list[str]
    logins: int
    balance: float
    note: str


class AddressModel(pydantic.BaseModel):
    """The same for pydantic."""

    street: str
    city: str
    country: Annotated[str, pydantic.Field(min_length=2, max_length=2)]


class AccountModel(pydantic.BaseModel, revalidate_instances="always"):
    """The same for pydantic."""

    id: str
    email: str
    created: datetime
    address: AddressModel
    tags: list[str]
    logins: int
    balance: float
    note: str


def measure(effort: Effort) -> list[Figure]:
    """Convert and check the same item in turn."""
    item = Account(
        "0189-aaaa", "ada@example.com", _NOON, Address("Storgata 1", "Oslo", "NO"),
        ["a", "b", "c"], 7, 12.5, "x" * 260,
    )  # fmt: skip
    size = len(msgspec.json.encode(item))
    assert 450 < size < 550, size
    model = AccountModel.model_validate(models.builtins(item))
    ours, theirs = values.compiled(Account), pydantic.TypeAdapter(AccountModel)
    rounds = [
        (
            _microseconds(lambda: models.builtins(item)),
            _microseconds(lambda: ours.plain(item)),
            _microseconds(lambda: theirs.dump_python(theirs.validate_python(model), mode="json")),
        )
        for _ in range(effort.rounds)
    ]
    checks = [checked - converted for converted, checked, _ in rounds]
    whole, rival = [checked for _, checked, _ in rounds], [other for _, _, other in rounds]
    what = f"an item of {size} bytes"
    return [
        Figure("checked-writes.check", f"{what}: the check", median(checks), "µs"),
        Figure("checked-writes.whole", f"{what}: conversion and check", median(whole), "µs"),
        Figure("checked-writes.pydantic", f"{what}: the same by pydantic", median(rival), "µs"),
        Figure("checked-writes.ratio", "CPU, to pydantic's", ratio(whole, rival), "x"),
    ]


def _microseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_TIMES):
        work()
    return (time.process_time() - began) / _TIMES * 1e6
