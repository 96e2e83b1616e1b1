"""A team's own rules, marked by `@policy`, which `oort check` runs after Oort's own. Lambda does without this module."""

from collections.abc import Iterable

from oort.app.declaring.declarations import Rule
from oort.model.platform import PlatformModel
from oort.model.sources import Mistake


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
