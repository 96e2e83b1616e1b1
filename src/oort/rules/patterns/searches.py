"""Questions about the texts that match expressions. Each has a limit; beyond it the answer is open.

>>> shortest(["^a+$"], least=3)
'aaa'
>>> shortest([r"^[a-z]+$"], [r"^\\w+$"]) is None
True
"""

from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache

from oort.rules.patterns import characters, machines
from oort.rules.patterns.machines import Before, Machine, State

_STEPS = 150_000  # parts of states that are visited, some tenths of a second


class Open(Exception):
    """The answer is open: an expression is not understood, or the search is too large."""


def matches(pattern: str, text: str) -> bool | None:
    """True if the expression matches anywhere in the text; None if it is not understood."""
    machine = machines.machine(pattern)
    return None if machine is None else machine.matches(text)


def shortest(
    wanted: Sequence[str], unwanted: Sequence[str] = (), *, least: int = 0, most: int | None = None
) -> str | None:
    """Return a shortest text that matches all wanted expressions and no unwanted expression.

    None if there is no such text. Raises Open.
    """
    answer = _shortest(tuple(sorted(set(wanted))), tuple(sorted(set(unwanted))), least, most)
    if isinstance(answer, Open):
        raise answer
    return answer


@lru_cache(maxsize=20_000)
def _shortest(
    wanted: tuple[str, ...], unwanted: tuple[str, ...], least: int, most: int | None
) -> str | Open | None:
    read = [machines.machine(pattern) for pattern in (*wanted, *unwanted)]
    known = [machine for machine in read if machine is not None]
    if len(known) < len(read):
        return Open("An expression is not understood.")
    return _search(known, [True] * len(wanted) + [False] * len(unwanted), least, most)


def _search(
    read: list[Machine], goal: list[bool], least: int, most: int | None
) -> str | Open | None:
    signs = characters.representatives([part for machine in read for part in machine.sets])
    watched = any(characters.WORD in machine.sets for machine in read)
    first: tuple[State, ...] = tuple(False for _ in read)
    waiting = deque([(first, machines.before(None), 0, "")])
    seen = {(first, machines.before(None), 0)}
    steps = 0
    while waiting:
        states, place, size, text = waiting.popleft()
        ends = [machine.after(state, place, None) for machine, state in _pairs(read, states)]
        if len(text) >= least and ends == goal:
            return text
        if len(text) == most or any(
            end is True and not wanted for end, wanted in zip(states, goal, strict=True)
        ):
            continue
        for sign in signs:
            after = tuple(
                machine.after(state, place, sign) for machine, state in _pairs(read, states)
            )
            steps += sum(map(_size, after))
            if steps > _STEPS:
                return Open("The search is too large.")
            then: Before = machines.before(sign) if watched else "other"
            key = (after, then, min(size + 1, least))
            if key not in seen:
                seen.add(key)
                waiting.append((*key, text + sign))
    return None


def _pairs(read: list[Machine], states: tuple[State, ...]) -> Iterator[tuple[Machine, State]]:
    return zip(read, states, strict=True)


def _size(state: State) -> int:
    if not isinstance(state, tuple):
        return 1
    return sum(map(_size, state[1]))
