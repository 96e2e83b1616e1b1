"""Figures that a claim has measured, the floors of floors.toml, and the table that shows both. Every claim uses it."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FLOORS = Path(__file__).with_name("floors.toml")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `key` names it in floors.toml; `unit` stands behind it, `x` for a ratio."""

    key: str
    what: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Floor:
    """What a figure must be, and what the design wants it to be; `most` turns both into upper bounds."""

    bound: float
    goal: float | None
    most: bool

    def holds(self, value: float) -> bool:
        """Whether the value is within the bound."""
        return value <= self.bound if self.most else value >= self.bound

    def reached(self, value: float) -> bool:
        """Whether the value is within the goal; true if there is none."""
        return self.goal is None or (value <= self.goal if self.most else value >= self.goal)


class UnreadableFloors(Exception):
    """floors.toml is not what it should be."""


def floors(path: Path = FLOORS) -> dict[str, Floor]:
    """The floors by the key of their figure. UnreadableFloors names the one that is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UnreadableFloors(f"{path}: {error}") from error
    return {key: _floor(key, entry) for key, entry in document.items()}


def broken(figures: Iterable[Figure], known: Mapping[str, Floor]) -> list[str]:
    """A sentence for each figure that is not within its floor."""
    return [
        f"{one.key} is {_number(one.value)} {one.unit}; {_bound(known[one.key])} {one.unit} is the floor."
        for one in figures
        if one.key in known and not known[one.key].holds(one.value)
    ]


def unmeasured(
    figures: Iterable[Figure], known: Mapping[str, Floor], *, claims: Iterable[str]
) -> list[str]:
    """Floors of the claims that were run for which there is no figure: a floor must not go quietly."""
    found, ran = {one.key for one in figures}, set(claims)
    return [
        f"{key} was not measured."
        for key in known
        if key.partition(".")[0] in ran and key not in found
    ]


def table(title: str, figures: Sequence[Figure], known: Mapping[str, Floor]) -> str:
    """The figures with their floors and goals."""
    rows = [("", "measured", "floor", "goal", "")]
    for one in figures:
        floor = known.get(one.key)
        goal = "" if floor is None or floor.goal is None else _limit(floor.goal, most=floor.most)
        bound = "" if floor is None else _bound(floor)
        rows.append(
            (one.what, f"{_number(one.value)} {one.unit}", bound, goal, _verdict(one, floor))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"  {row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    return "\n".join([title, *lines, ""])


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of what each pair of neighbouring rounds gives: a machine that slows down hits both of a pair."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _verdict(figure: Figure, floor: Floor | None) -> str:
    if floor is None:
        return ""
    if not floor.holds(figure.value):
        return "BELOW THE FLOOR"
    return "ok" if floor.reached(figure.value) else "goal not reached"


def _floor(key: str, entry: object) -> Floor:
    if not isinstance(entry, dict) or len(entry.keys() & {"at-least", "at-most"}) != 1:
        raise UnreadableFloors(
            f"{key}: a floor has either at-least or at-most, and perhaps a goal."
        )
    if entry.keys() - {"at-least", "at-most", "goal"} or not all(
        isinstance(one, int | float) for one in entry.values()
    ):
        raise UnreadableFloors(
            f"{key}: a floor holds numbers: at-least or at-most, and perhaps a goal."
        )
    most = "at-most" in entry
    return Floor(entry["at-most" if most else "at-least"], entry.get("goal"), most)


def _bound(floor: Floor) -> str:
    return _limit(floor.bound, most=floor.most)


def _limit(value: float, *, most: bool) -> str:
    return f"{'<=' if most else '>='} {_number(value)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
