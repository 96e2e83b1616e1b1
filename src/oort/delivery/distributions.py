"""Which distributions a service needs on its target, and which of them ship as they are installed here.

The versions are those installed here: what was tested is what ships.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from oort.delivery.installed import Environment, Installed, canonical
from oort.delivery.modules import Foreign
from oort.delivery.targets import Target, accepts, fits, needed
from oort.model.delivery.packages import Wheel
from oort.model.errors import InvalidProgram, NotPackaged
from oort.model.sources import Mistake, Source

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
# All that Oort itself imports at run time, and what it is called; its own files are taken from where it stands.
ALWAYS = "msgspec"
_OURS, _MODULE = "oortcloud", "oort"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`pure` ships as installed, and so does `native`, whose wheel fits; `wheels` have to be fetched for the target."""

    pure: tuple[Installed, ...]
    native: tuple[Installed, ...]
    wheels: tuple[Wheel, ...]

    @property
    def versions(self) -> list[tuple[str, str]]:
        """Name and version of all that is native, fetched or not."""
        return [
            *((one.name, one.version) for one in self.native),
            *((one.name, one.version) for one in self.wheels),
        ]


def of(foreign: Iterable[Foreign], *, target: Target, environment: Environment) -> Dependencies:
    """What a service needs that imports this. InvalidProgram, with file and line, if something is not installed."""
    found = _closure(_imported(foreign, target, environment), target, environment)
    pure = [
        one
        for one in found
        if all(tag.endswith("-none-any") for tag in one.tags) and fits(target, one.tags)
    ]
    native = [one for one in found if one not in pure and fits(target, one.tags)]
    wheels = [
        Wheel(one.name, one.version) for one in found if one not in pure and one not in native
    ]
    return Dependencies(tuple(pure), tuple(native), tuple(wheels))


def _imported(
    foreign: Iterable[Foreign], target: Target, environment: Environment
) -> set[Installed]:
    """The distributions that are imported directly."""
    found, mistakes = set[Installed](), list[Mistake]()
    for one in foreign:
        top = one.imported.name.partition(".")[0]
        if top == _MODULE or top in PROVIDED.values() or target.has_builtin(top):
            continue
        having = environment.with_module(one.imported.name)
        if not having and not one.imported.optional:
            mistakes.append(_missing(one, top, target))
        found.update(having)
    if mistakes:
        raise InvalidProgram(mistakes)
    return found


def _missing(foreign: Foreign, top: str, target: Target) -> Mistake:
    source = Source(str(foreign.file), foreign.imported.line)
    if top in sys.stdlib_module_names:
        what, instead = f"{target.runtime} has no module {top} any more.", "Import something else."
    else:
        what = f"Nothing that is installed here has the module {top}."
        instead = "Install the distribution that has it; an import that may fail stands in try … except ImportError."
    return Mistake(source, "package.missing", what, instead)


def _closure(roots: set[Installed], target: Target, environment: Environment) -> list[Installed]:
    """These and all that they need on the target, in the order of their names."""
    waiting = [(one.name, frozenset[str](), "The service") for one in roots] + [
        (ALWAYS, frozenset(), "Oort")
    ]
    found: dict[str, Installed] = {}
    seen = set[tuple[str, frozenset[str]]]()
    while waiting:
        name, extras, asking = waiting.pop()
        key = (canonical(name), extras)
        if key in seen or key[0] in {*PROVIDED, _OURS}:
            continue
        seen.add(key)
        one = environment.named(name)
        if one is None:
            what = f"{asking} needs {name} on {target}, and it is not installed here."
            raise NotPackaged(what, f"Install it: pip install {name}")
        if not accepts(target, one.requires_python):
            what = f"{one} needs Python {one.requires_python}, and the stage's runtime is {target.runtime}."
            raise NotPackaged(
                what,
                "Choose another runtime in the stage's table of oort.toml, or another version of it.",
            )
        found[one.name] = one
        waiting += [(*wanted, str(one)) for wanted in needed(target, one.requires, extras=extras)]
    return [found[name] for name in sorted(found)]
