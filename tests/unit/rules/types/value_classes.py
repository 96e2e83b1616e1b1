"""Classes of every form, for the tests of what enters and leaves a process."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple, TypedDict

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import BaseModel, ConfigDict, computed_field

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
NAN, INFINITE = float("nan"), float("inf")


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Row(msgspec.Struct, array_like=True, tag="row"):
    at: datetime
    n: int = 0


class Loose(TypedDict, total=False):
    at: datetime


class Node(msgspec.Struct):
    price: float = 0.0
    inner: list["Node"] = []
    maybe: datetime | UnsetType = UNSET


@dataclass
class Job:
    id: str
    state: str = "new"
    tags: list[str] = field(default_factory=lambda: ["a"])


@dataclass
class Batch:
    jobs: list[Job]
    best: Job | None = None
    named: dict[str, Job] = field(default_factory=dict)


class Circle(msgspec.Struct, tag="circle"):
    radius: float


class Square(msgspec.Struct, tag="square"):
    job: Job


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    price: float
    at: datetime | None = None


class Computed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    n: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.n


class Holder(msgspec.Struct):
    model: Model | None = None
    computed: Computed | None = None


class Same(msgspec.Struct):
    """A class whose equality fails."""

    n: int

    def __eq__(self, other: object) -> bool:
        raise ValueError("never compare")

    __hash__ = None  # type: ignore[assignment]
