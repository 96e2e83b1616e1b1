"""Policies: a team's own rules about the model. `oort check` runs them after Oort's rules.

Lambda does not load this module.
"""

from collections.abc import Iterable

from oort.app.declaring.declarations import Rule
from oort.model.errors import Mistake
from oort.model.platform import PlatformModel


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
