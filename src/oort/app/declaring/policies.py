"""Policies: a team's own rules about the model. `oort check` runs them after Oort's rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from oort.model.platform import PlatformModel
from oort.model.sources import Mistake, Source


@dataclass(frozen=True, slots=True)
class Finding:
    """An objection of a policy.

    `source` is the line of the objection, for example `function.source` or `table.source`. `what`
    is the sentence of the error, and `instead` says how to fix the code.
    """

    source: Source
    what: str
    instead: str = ""


Rule: TypeAlias = Callable[[PlatformModel], Iterable[Finding]]
Q = TypeVar("Q", bound=Rule)


def policy(rule: Q) -> Q:
    """Mark a function as a policy of the project.

    A policy reads the model of the platform and yields its objections. List the policy's module
    under `policies` in `oort.toml`, or put the policy into the package of a service.

    >>> @policy
    ... def no_public_deletes(platform: PlatformModel) -> Iterable[Finding]:
    ...     for function in platform.functions:
    ...         method = getattr(function.trigger, "method", "")
    ...         if method == "DELETE" and getattr(function.trigger, "public", False):
    ...             what = f"{function.name} lets anybody delete."
    ...             yield Finding(function.source, what, "Make the route private.")
    """
    vars(rule)["__oort_policy__"] = True
    return rule


def is_policy(value: object) -> bool:
    """Return True for a function with `@policy`."""
    return getattr(value, "__oort_policy__", False) is True and callable(value)


def judge(platform: PlatformModel, rules: Iterable[Rule]) -> list[Mistake]:
    """Return the objections of all policies, each with the code `policy.<function name>`."""
    return [
        Mistake(
            finding.source,
            f"policy.{getattr(rule, '__name__', 'rule')}",
            finding.what,
            finding.instead,
        )
        for rule in rules
        for finding in rule(platform)
    ]
