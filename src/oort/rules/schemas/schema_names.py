"""Names of types in a document: short, of letters and digits, and unique. Used by `schemas`."""

import re
from collections.abc import Iterable, Mapping

from oort.model.items import Value

_LOCALS = re.compile(r"<[a-z]+>\.?")


def named(kinds: Iterable[object]) -> dict[object, str]:
    """Return a name for each class. Equal names are prefixed with their modules, as far as needed.

    >>> class Account: ...
    >>> list(named([Account]).values())
    ['Account']
    """
    every = list(kinds)
    groups: dict[str, list[object]] = {}
    for kind in every:
        groups.setdefault(_short(kind), []).append(kind)
    names = {
        kind: name
        for short, group in groups.items()
        for kind, name in _distinguished(short, group).items()
    }
    return {kind: names[kind] for kind in every}


def input_names(
    both: Mapping[str, tuple[Value, Value]], taken: frozenset[str], refs: str
) -> dict[str, str]:
    """Return new names for input schemas that differ from the output schema of the same name.

    A schema that refers to a differing schema differs too.
    """
    differing = {name for name, (coming, going) in both.items() if coming != going}
    while more := {
        name
        for name, (coming, _) in both.items()
        if name not in differing and _holds(coming, differing, refs)
    }:
        differing |= more
    renamed: dict[str, str] = {}
    for name in sorted(differing):
        new = f"{name}Input"
        while new in taken:
            new += "_"
        renamed[name] = new
    return renamed


def _holds(value: Value, names: set[str], refs: str) -> bool:
    if isinstance(value, dict):
        target = value.get("$ref")
        here = isinstance(target, str) and target.removeprefix(refs) in names
        return here or any(_holds(inner, names, refs) for inner in value.values())
    return isinstance(value, list) and any(_holds(inner, names, refs) for inner in value)


def _distinguished(short: str, group: list[object]) -> dict[object, str]:
    if len(group) == 1:
        return {group[0]: short}
    paths = [_path(kind, short) for kind in group]
    for depth in range(2, max(map(len, paths)) + 1):
        tails = [".".join(path[-depth:]) for path in paths]
        if len(set(tails)) == len(tails):
            return dict(zip(group, tails, strict=True))
    return {
        kind: f"{short}_{number}" if number > 1 else short for number, kind in enumerate(group, 1)
    }


def _short(kind: object) -> str:
    origin = getattr(kind, "__origin__", kind)
    parts = [getattr(origin, "__name__", ""), *map(_argument, getattr(kind, "__args__", ()))]
    return re.sub(r"[^A-Za-z0-9_-]+", "_", "_".join(parts)).strip("_")


def _argument(kind: object) -> str:
    return _short(kind) if hasattr(kind, "__origin__") or isinstance(kind, type) else repr(kind)


def _path(kind: object, short: str) -> list[str]:
    """Return the module path of the class.

    For a generic type, the path of its argument distinguishes best.
    """
    classes = (argument for argument in getattr(kind, "__args__", ()) if isinstance(argument, type))
    inner = next(classes, kind)
    path = f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', '')}"
    return [*_LOCALS.sub("", path).split(".")[:-1], short]
