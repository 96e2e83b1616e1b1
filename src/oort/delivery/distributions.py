"""Choose the distributions that a service needs on the target.

The versions are the installed ones: tested versions are the shipped versions.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from oort.delivery.installed import Environment, Installed, canonical
from oort.delivery.modules import ExternalImport
from oort.delivery.targets import Target, accepts, fits, needed
from oort.model.delivery.packages import Wheel
from oort.model.errors import InvalidProgram, Mistake, NotPackaged, Source

# The SDK and its dependencies come with Lambda's Python runtimes, each with the module that it is imported by. We take
# them from there: AWS renews them together, and warns against shipping one of them, such as urllib3, without the others.
# They are also 28 MB that no cold start has to load. https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
PROVIDED = {
    "boto3": "boto3",
    "botocore": "botocore",
    "jmespath": "jmespath",
    "python-dateutil": "dateutil",
    "s3transfer": "s3transfer",
    "six": "six",
    "urllib3": "urllib3",
}
# The only distribution that Oort itself needs at run time. Oort's own files are copied from their folder.
ALWAYS = "msgspec"
_OURS, _MODULE = "oortcloud", "oort"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Distributions in three groups.

    `pure` and `native` ship as installed here. `wheels` must be fetched for the target.
    """

    pure: tuple[Installed, ...]
    native: tuple[Installed, ...]
    wheels: tuple[Wheel, ...]

    @property
    def versions(self) -> list[tuple[str, str]]:
        """Name and version of every native distribution, fetched or installed."""
        return [
            *((distribution.name, distribution.version) for distribution in self.native),
            *((distribution.name, distribution.version) for distribution in self.wheels),
        ]


def of(
    foreign: Iterable[ExternalImport], *, target: Target, environment: Environment
) -> Dependencies:
    """Return the distributions that these imports need.

    InvalidProgram, with file and line, if a module is not installed.
    """
    installed = _closure(_imported(foreign, target, environment), target, environment)
    pure = [
        distribution
        for distribution in installed
        if all(tag.endswith("-none-any") for tag in distribution.tags)
        and fits(target, distribution.tags)
    ]
    native = [
        distribution
        for distribution in installed
        if distribution not in pure and fits(target, distribution.tags)
    ]
    wheels = [
        Wheel(distribution.name, distribution.version)
        for distribution in installed
        if distribution not in pure and distribution not in native
    ]
    return Dependencies(tuple(pure), tuple(native), tuple(wheels))


def _imported(
    foreign: Iterable[ExternalImport], target: Target, environment: Environment
) -> set[Installed]:
    imported, mistakes = set[Installed](), list[Mistake]()
    for external in foreign:
        top = external.imported.name.partition(".")[0]
        if top == _MODULE or top in PROVIDED.values() or target.has_builtin(top):
            continue
        providers = environment.with_module(external.imported.name)
        if not providers and not external.imported.optional:
            mistakes.append(_missing(external, top, target))
        imported.update(providers)
    if mistakes:
        raise InvalidProgram(mistakes)
    return imported


def _missing(foreign: ExternalImport, top: str, target: Target) -> Mistake:
    source = Source(str(foreign.file), foreign.imported.line)
    if top in sys.stdlib_module_names:
        message, instead = (
            f"{target.runtime} has no module {top} any more.",
            "Import something else.",
        )
    else:
        message = f"Nothing that is installed here has the module {top}."
        instead = "Install the distribution that has it; an import that may fail stands in try … except ImportError."
    return Mistake(source, "package.missing", message, instead)


def _closure(roots: set[Installed], target: Target, environment: Environment) -> list[Installed]:
    """Return the distributions and their dependencies on the target, sorted by name."""
    waiting = [(distribution.name, frozenset[str](), "The service") for distribution in roots] + [
        (ALWAYS, frozenset(), "Oort")
    ]
    chosen: dict[str, Installed] = {}
    seen = set[tuple[str, frozenset[str]]]()
    while waiting:
        name, extras, requirer = waiting.pop()
        key = (canonical(name), extras)
        if key in seen or key[0] in {*PROVIDED, _OURS}:
            continue
        seen.add(key)
        distribution = environment.named(name)
        if distribution is None:
            message = f"{requirer} needs {name} on {target}, and it is not installed here."
            raise NotPackaged(message, f"Install it: pip install {name}")
        if not accepts(target, distribution.requires_python):
            message = f"{distribution} needs Python {distribution.requires_python}, and the stage's runtime is {target.runtime}."
            raise NotPackaged(
                message,
                "Choose another runtime for the stage in oort.toml, or another version of the distribution.",
            )
        chosen[distribution.name] = distribution
        waiting += [
            (*requirement, str(distribution))
            for requirement in needed(target, distribution.requires, extras=extras)
        ]
    return [chosen[name] for name in sorted(chosen)]
