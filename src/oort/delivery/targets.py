"""The machine that a package is made for: which wheels fit it, and what its environment markers say.

Whether a wheel fits is `packaging`'s judgement; it comes with the extra `oortcloud[aws]` and is loaded by the functions here.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from oort.model.delivery.stages import Architecture
from oort.model.errors import InvalidUse

MACHINES = {Architecture.ARM64: "aarch64", Architecture.X86_64: "x86_64"}
# Lambda's runtimes from python3.12 on stand on Amazon Linux 2023, whose glibc is 2.34; no wheel for CPython 3.11 or later
# is older than 2.17. https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html
_GLIBC = range(34, 16, -1)
_LEGACY = {17: "manylinux2014"}
# What a later Python no longer has; distributions on the index give some of it back. PEP 632, PEP 594.
_REMOVED = {
    (3, 12): frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"}),
    (3, 13): frozenset({
        "aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis", "nntplib",
        "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
    }),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A Lambda runtime, such as python3.14, on one architecture."""

    runtime: str
    architecture: Architecture

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"

    @property
    def python(self) -> tuple[int, int]:
        """Its version of Python."""
        major, _, minor = self.runtime.removeprefix("python").partition(".")
        return int(major), int(minor)

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags that fit it, the most modern first."""
        machine = MACHINES[self.architecture]
        names = (
            name
            for minor in _GLIBC
            for name in (f"manylinux_2_{minor}", _LEGACY.get(minor))
            if name
        )
        return tuple(f"{name}_{machine}" for name in names)

    def has_builtin(self, name: str) -> bool:
        """Whether a top-level module belongs to its standard library."""
        removed = (names for version, names in _REMOVED.items() if self.python >= version)
        return name in sys.stdlib_module_names and not any(name in names for names in removed)


def require(name: str = "packaging") -> None:
    """InvalidUse, saying what to install, if a library of the extra is missing."""
    if find_spec(name) is None:
        raise InvalidUse(
            f"Packaging a service needs {name}.", "Install it with: pip install 'oortcloud[aws]'."
        )


@cache
def tags(target: Target) -> frozenset[str]:
    """Every tag of a wheel that runs there, such as cp314-cp314-manylinux_2_28_aarch64."""
    require()
    from packaging.tags import compatible_tags, cpython_tags

    interpreter = f"cp{target.python[0]}{target.python[1]}"
    native = cpython_tags(target.python, [interpreter], target.platforms)
    return frozenset(
        map(str, (*native, *compatible_tags(target.python, interpreter, target.platforms)))
    )


def fits(target: Target, wheel_tags: Iterable[str]) -> bool:
    """Whether a wheel with these tags, such as py3-none-any or py2.py3-none-any, runs there."""
    require()
    from packaging.tags import parse_tag

    return any(str(one) in tags(target) for tag in wheel_tags for one in parse_tag(tag))


def accepts(target: Target, requires_python: str) -> bool:
    """Whether a distribution's Requires-Python allows it. Lambda's patch version is unknown, and the newest there is."""
    require()
    from packaging.specifiers import SpecifierSet

    major, minor = target.python
    return SpecifierSet(requires_python).contains(f"{major}.{minor}.99")


def needed(
    target: Target, requirements: Iterable[str], *, extras: frozenset[str]
) -> list[tuple[str, frozenset[str]]]:
    """The distributions, each with the extras asked of it, that Requires-Dist lines ask for on the target."""
    require()
    from packaging.requirements import Requirement

    environments = [{**_environment(target), "extra": extra} for extra in ("", *sorted(extras))]
    found: list[tuple[str, frozenset[str]]] = []
    for one in map(Requirement, requirements):
        if one.marker is None or any(
            one.marker.evaluate(environment) for environment in environments
        ):
            found.append((one.name, frozenset(one.extras)))
    return found


def _environment(target: Target) -> dict[str, str]:
    """What the target answers to markers. https://packaging.python.org/specifications/dependency-specifiers"""
    version = f"{target.python[0]}.{target.python[1]}"
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.99",
        "os_name": "posix",
        "platform_machine": MACHINES[target.architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.99",
        "python_version": version,
        "sys_platform": "linux",
    }
