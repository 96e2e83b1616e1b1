"""A team's own rules: plain functions over the model that `oort check` runs after Oort's own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from oort.model.platform import PlatformModel
from oort.model.sources import Mistake, Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy objects to: where (`function.source`, `table.source`, …), what, and what to do instead."""

    source: Source
    what: str
    instead: str = ""


Rule: TypeAlias = Callable[[PlatformModel], Iterable[Finding]]
Q = TypeVar("Q", bound=Rule)


def policy(rule: Q) -> Q:
    """Mark a function as a policy of the project. It reads the whole platform and yields what it objects to.

    List its module under `policies` in `oort.toml`, or keep it in a service's package.

    >>> @policy
    ... def no_public_deletes(platform: PlatformModel) -> Iterable[Finding]:
    ...     for function in platform.functions:
    ...         if getattr(function.trigger, "method", "") == "DELETE" and getattr(function.trigger, "public", False):
    ...             yield Finding(function.source, f"{function.name} lets anybody delete.", "Make the route private.")
    """
    vars(rule)["__oort_policy__"] = True
    return rule


def is_policy(value: object) -> bool:
    """Whether the value is a function under @policy."""
    return getattr(value, "__oort_policy__", False) is True and callable(value)


def judge(platform: PlatformModel, rules: Iterable[Rule]) -> list[Mistake]:
    """Everything that the policies object to, each under the code `policy.` and the function's name."""
    return [
        Mistake(
            found.source, f"policy.{getattr(rule, '__name__', 'rule')}", found.what, found.instead
        )
        for rule in rules
        for found in rule(platform)
    ]
