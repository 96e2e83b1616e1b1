"""An expression as an automaton that reads a text from its start to its end.

A state is a formula over the places in the expression that are still possible: an expression that
looks ahead needs all parts of an `and`. A text matches if the expression matches anywhere in it.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from oort.rules.patterns import characters, parsing
from oort.rules.patterns.characters import Ranges
from oort.rules.patterns.parsing import Node, Unreadable

# True, False, a place, or a combination of formulas. The place 0 is the end, which is True.
State: TypeAlias = "bool | int | tuple[str, frozenset[State]]"
Before: TypeAlias = Literal["start", "word", "other"]  # what stands before a place

_LARGEST = 6_000  # places of an expression with its repetitions written out


@dataclass(frozen=True, slots=True)
class _Read:
    ranges: Ranges
    then: int


@dataclass(slots=True)
class _Split:
    ways: list[int]


@dataclass(frozen=True, slots=True)
class _Check:
    kind: str
    then: int


@dataclass(frozen=True, slots=True)
class _Look:
    start: int
    wanted: bool
    then: int


_End: TypeAlias = None
_Step: TypeAlias = _Read | _Split | _Check | _Look | _End


def before(sign: str | None) -> Before:
    """Return what a character is to the place after it. None is the start of the text."""
    if sign is None:
        return "start"
    return "word" if characters.contains(characters.WORD, ord(sign)) else "other"


class Machine:
    """An expression, ready to read texts."""

    def __init__(self, node: Node) -> None:
        # Places begin with 2: in Python, 0 and 1 equal False and True.
        self._steps: list[_Step] = [None, None]
        self._start = self._compiled(node, 0)
        self._closures: dict[tuple[Before, str | None], _Closure] = {}
        sets = [step.ranges for step in self._steps if isinstance(step, _Read)]
        checks = {step.kind for step in self._steps if isinstance(step, _Check)}
        edges = [characters.WORD] if checks & {"b", "B"} else []
        self.sets: list[Ranges] = list(dict.fromkeys([*sets, *edges]))

    def after(self, state: State, place: Before, sign: str | None) -> State:
        """Return the state after a character; True or False after None, which is the end."""
        if state is True:
            return True
        walk = self._closures.get((place, sign))
        if walk is None:
            walk = self._closures[place, sign] = _Closure(self._steps, place, sign)
        return _either([walk.formula(self._start), walk.moved(state)])

    def matches(self, text: str) -> bool:
        """True if the expression matches anywhere in the text."""
        state: State = False
        last: str | None = None
        for sign in text:
            state = self.after(state, before(last), sign)
            if state is True:
                return True
            last = sign
        return self.after(state, before(last), None) is True

    def _compiled(self, node: Node, then: int) -> int:
        match node:
            case parsing.Characters():
                return self._added(_Read(node.ranges, then))
            case parsing.Place():
                return self._added(_Check(node.kind, then))
            case parsing.Ahead():
                return self._added(_Look(self._compiled(node.part, 0), node.wanted, then))
            case parsing.Choice():
                return self._added(_Split([self._compiled(arm, then) for arm in node.arms]))
            case parsing.Sequence():
                for part in reversed(node.parts):
                    then = self._compiled(part, then)
                return then
            case parsing.Repeated():
                return self._repeated(node, then)

    def _repeated(self, node: parsing.Repeated, then: int) -> int:
        if node.most is None:
            loop = _Split([then])
            then = self._added(loop)
            loop.ways.append(self._compiled(node.part, then))
        else:
            end = then
            for _ in range(node.most - node.least):
                then = self._added(_Split([end, self._compiled(node.part, then)]))
        for _ in range(node.least):
            then = self._compiled(node.part, then)
        return then

    def _added(self, step: _Step) -> int:
        if len(self._steps) >= _LARGEST:
            raise Unreadable("repetitions that are too large")
        self._steps.append(step)
        return len(self._steps) - 1


@dataclass(slots=True)
class _Closure:
    """All that can happen at a place, between what stands before it and the next character."""

    steps: list[_Step]
    place: Before
    sign: str | None
    _known: dict[tuple[int, frozenset[int]], State] = field(default_factory=dict)

    def formula(self, start: int, passed: frozenset[int] = frozenset()) -> State:
        """Return the state after the character for an expression that goes on at `start`.

        `passed` are the looks ahead that already hold here.
        """
        if (start, passed) not in self._known:
            ways = [self._way(number, passed) for number in self._reached(start)]
            self._known[start, passed] = _either(ways)
        return self._known[start, passed]

    def _reached(self, start: int) -> list[int]:
        """Return the steps that can be reached without a character or a look ahead."""
        reached, waiting = {start}, [start]
        while waiting:
            step = self.steps[waiting.pop()]
            ways = step.ways if isinstance(step, _Split) else []
            if isinstance(step, _Check) and self._holds(step.kind):
                ways = [step.then]
            waiting += [way for way in ways if way not in reached]
            reached |= set(ways)
        return sorted(reached)

    def _way(self, number: int, passed: frozenset[int]) -> State:
        step = self.steps[number]
        if isinstance(step, _Read):
            is_next = self.sign is not None and characters.contains(step.ranges, ord(self.sign))
            return (step.then or True) if is_next else False
        if isinstance(step, _Look) and number not in passed:
            ahead = self.formula(step.start)
            further = self.formula(step.then, passed | {number})
            return _both([ahead if step.wanted else _not(ahead), further])
        return step is None

    def moved(self, state: State) -> State:
        """Return a state after the character."""
        if isinstance(state, bool):
            return state
        if isinstance(state, int):
            return self.formula(state)
        word, parts = state
        moved = [self.moved(part) for part in parts]
        return _either(moved) if word == "or" else _both(moved) if word == "and" else _not(moved[0])

    def _holds(self, kind: str) -> bool:
        if kind in "^$":
            return self.place == "start" if kind == "^" else self.sign is None
        is_edge = (self.place == "word") is not (
            self.sign is not None and before(self.sign) == "word"
        )
        return is_edge is (kind == "b")


def _either(parts: "list[State]") -> State:
    return _joined("or", parts, neutral=False)


def _both(parts: "list[State]") -> State:
    return _joined("and", parts, neutral=True)


def _joined(word: str, parts: "list[State]", *, neutral: bool) -> State:
    flat: set[State] = set()
    for part in parts:
        if part is (not neutral):
            return not neutral
        if part is neutral:
            continue
        if isinstance(part, tuple) and part[0] == word:
            flat |= part[1]
        else:
            flat.add(part)
    if len(flat) < 2:
        return next(iter(flat), neutral)
    return word, frozenset(flat)


def _not(part: State) -> State:
    if isinstance(part, bool):
        return not part
    if isinstance(part, tuple) and part[0] == "not":
        return next(iter(part[1]))
    return "not", frozenset({part})


@lru_cache(maxsize=2000)
def machine(pattern: str) -> Machine | None:
    """Return the automaton of an expression; None if it is not understood."""
    try:
        return Machine(parsing.parsed(pattern))
    except (Unreadable, RecursionError):
        return None
