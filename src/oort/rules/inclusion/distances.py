"""The way from each schema of a document to the nearest change. Used by `meanings`.

A search for a counter-example goes along the shortest way first.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from oort.rules.inclusion.documents import Steps

_ASIDE = ("$defs", "definitions")  # no part of a value stands for what is below


def distances(
    numbers: Mapping[Steps, int], others: Mapping[Steps, int], leads: Iterable[tuple[Steps, Steps]]
) -> dict[Steps, int]:
    """Return the number of schemas between each schema and a change, if a way leads there.

    `numbers` are equal for equal schemas of the two documents. `leads` are references: from a
    schema to another.
    """
    changed = {steps for steps, number in numbers.items() if others.get(steps) != number}
    around = {steps[:size] for steps in changed for size in range(len(steps))}
    before: dict[Steps, list[Steps]] = {}
    for source, target in leads:
        before.setdefault(target, []).append(source)
    nearest: dict[Steps, int] = {}
    waiting = deque((steps, 0) for steps in sorted(changed - around))
    while waiting:
        steps, distance = waiting.popleft()
        if steps in nearest:
            continue
        nearest[steps] = distance
        outer = _outer(steps, numbers)
        nexts = before.get(steps, []) if outer is None else [outer, *before.get(steps, [])]
        waiting.extend((further, distance + 1) for further in nexts)
    return nearest


def _outer(steps: Steps, numbers: Mapping[Steps, int]) -> Steps | None:
    """Return the schema that has this schema as a part; None for the root and for definitions."""
    for size in range(len(steps) - 1, -1, -1):
        if steps[size] in _ASIDE and steps[:size] in numbers:
            return None
        if steps[:size] in numbers:
            return steps[:size]
    return None
