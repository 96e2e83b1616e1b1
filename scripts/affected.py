"""Chooses the tests that a change can break, the nearest first, within a budget of CPU seconds. Used by `make fast`.

A test module is as far from a change as it is in imports; one that stands next door, at the same
place under `tests/unit` as the changed file under `src/oort`, is as near as one that imports it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

LONG = 3.0  # CPU seconds from which a test waits for `make check`
START = 0.15  # CPU seconds to load a test module
UNKNOWN = 0.05  # CPU seconds of a test that was never measured
TEST = re.compile(r"^ *(?:async )?def test_", re.MULTILINE)
SMOKE = (
    "tests/architecture/",
    "tests/unit/model/",
    "tests/unit/scripts/",
    "tests/scenarios/test_sign_up_fans_out.py",
)  # run after every change, and when there is none


@dataclass(frozen=True, slots=True)
class Module:
    """One test module: how far it is from the change, and what its tests cost."""

    path: str
    distance: int
    tests: int
    seconds: float
    long: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """The test modules that are run, and those that a change may reach but the budget does not."""

    run: tuple[Module, ...]
    beyond: tuple[Module, ...]

    @property
    def long(self) -> tuple[str, ...]:
        """The tests of the chosen modules that are left out because they take long."""
        return tuple(test for module in self.run for test in module.long)


def is_test_module(path: str) -> bool:
    """Only what `make fast` may run; the emulators are out of its reach."""
    return (
        path.startswith("tests/")
        and not path.startswith("tests/e2e/")
        and PurePosixPath(path).match("test_*.py")
    )


def neighbour(changed: str, tests: Iterable[str]) -> set[str]:
    """The test modules at the place of a changed source file: `test_queues.py`, `test_queues_model.py`."""
    path = PurePosixPath(changed)
    for source, place in (("src/oort", "tests/unit"), ("scripts", "tests/unit/scripts")):
        if path.is_relative_to(source):
            folder = place / path.parent.relative_to(source)
            return {
                test
                for test in tests
                if PurePosixPath(test).match(f"{folder}/test_{path.stem}*.py")
            }
    return set()


def read_by(changed: str, texts: Mapping[str, str]) -> set[str]:
    """The test modules that read a file without importing it: fixtures of their folder, or a name in quotes."""
    path = PurePosixPath(changed)
    if path.name == "conftest.py":
        return {test for test in texts if PurePosixPath(test).is_relative_to(path.parent)}
    if path.suffix == ".py":
        return set()
    return {test for test, text in texts.items() if f'{path.name}"' in text}


def near(
    changed: Collection[str], reached: Mapping[str, int], texts: Mapping[str, str]
) -> dict[str, int]:
    """How far every test module is that a change may reach; `reached` holds the distance of every file that it reaches."""
    pairs = [(file, distance) for file, distance in reached.items() if file in texts]
    pairs += [
        (test, distance + 1)
        for file, distance in reached.items()
        for test in neighbour(file, texts)
    ]
    pairs += [(test, 1) for file in changed for test in read_by(file, texts)]
    return nearest(pairs)


def nearest(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The smallest distance of every test module."""
    found: dict[str, int] = {}
    for test, distance in pairs:
        found[test] = min(distance, found.get(test, distance))
    return found


def merged(
    uncommitted: Mapping[str, int], committed: Mapping[str, int], texts: Mapping[str, str]
) -> dict[str, int]:
    """One order for all: at the same distance, what is being edited comes before what was committed; smoke comes first."""
    smoke = [(test, 0) for test in texts if test.startswith(SMOKE)]
    fresh = [(test, 2 * distance) for test, distance in uncommitted.items()]
    older = [(test, 2 * distance + 1) for test, distance in committed.items()]
    return nearest([*smoke, *fresh, *older])


def measured(path: str, distance: int, *, text: str, costs: Mapping[str, float]) -> Module:
    """A test module with the recorded CPU seconds of its tests, by their ids; a guess for those that were never run."""
    # The records keep tests that were renamed or deleted since.
    costs = {
        test: seconds
        for test, seconds in costs.items()
        if test.rpartition("::")[2].partition("[")[0] in text
    }
    long = tuple(test for test, seconds in costs.items() if seconds >= LONG)
    short = [seconds for seconds in costs.values() if seconds < LONG]
    tests = len(costs) or len(TEST.findall(text))
    seconds = sum(short) if costs else tests * UNKNOWN
    return Module(path, distance, tests, START + seconds, long)


def chosen(modules: Iterable[Module], *, budget: float) -> Selection:
    """The nearest modules that fit the budget."""
    run: list[Module] = []
    beyond: list[Module] = []
    left = budget
    for module in sorted(
        modules, key=lambda module: (module.distance, module.seconds, module.path)
    ):
        fits = module.seconds <= left
        left -= module.seconds if fits else 0
        (run if fits else beyond).append(module)
    return Selection(tuple(run), tuple(beyond))


def words(selection: Selection, *, total: int) -> str:
    """What runs and what does not, in sentences."""
    run, beyond = selection.run, selection.beyond
    tests = sum(module.tests for module in run) - len(selection.long)
    lines = [f"{tests} of {total} tests, in {len(run)} modules; `make check` runs all."]
    if beyond:
        left_out = sum(module.tests for module in beyond)
        lines.append(
            f"Not run, though the change may reach them: {left_out} tests in {len(beyond)} modules."
        )
        lines.append(f"The nearest of them: {', '.join(module.path for module in beyond[:3])}.")
    if selection.long:
        lines.append(
            f"Not run, since each takes {LONG:.0f} s or more: {', '.join(selection.long)}."
        )
    lines.append("Tests that are marked slow, serial or crash are not run.")
    return "\n".join(lines)
