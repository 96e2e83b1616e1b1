"""Finds a platform on disk: reads `oort.toml`, imports every module of its service packages, and collects the services."""

import importlib
import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from oort.app.declaring.declarations import Rule
from oort.app.declaring.services import Service
from oort.model.errors import InvalidProgram, InvalidProject, OortError
from oort.model.sources import Mistake, Source

if TYPE_CHECKING:
    from oort.app.programs import Program
    from oort.model.delivery.stages import Stage

FILE = "oort.toml"
_KEYS = frozenset({"name", "policies", "services", "stages"})
_FEW = 3  # folders to suggest
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Project:
    """What `oort.toml` says. `root` is the folder that imports start from: the first one upwards that is no package."""

    name: str
    packages: tuple[str, ...]
    folder: Path
    root: Path
    policies: tuple[str, ...] = ()
    stages: "tuple[Stage, ...]" = ()

    def stage(self, name: str) -> "Stage":
        """The stage as `oort.toml` sets it; one that it does not mention has the defaults."""
        from oort.model.delivery.stages import Stage

        return next((one for one in self.stages if one.name == name), Stage(name))


def find(path: Path) -> Project:
    """The project of a folder or of an `oort.toml`. Raises InvalidProject if there is none or it cannot be read."""
    import tomllib  # Lambda reads no oort.toml

    file = path if path.name == FILE else path / FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidProject(f"There is no {FILE} in {path}.", _nearby(path)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidProject(
            f"{file} cannot be read: {error}.", "Mend it and try again."
        ) from error
    if unknown := sorted(document.keys() - _KEYS):
        raise InvalidProject(
            f"{file}: {unknown[0]!r} is not a setting.",
            f"The settings are: {', '.join(sorted(_KEYS))}.",
        )
    from oort.app.loading import stages  # none of this is asked on Lambda

    name, packages = document.get("name"), document.get("services")
    if not isinstance(name, str) or not name:
        raise InvalidProject(f"{file}: name is missing or no text.", 'Write name = "shop".')
    named, policies = _names(packages), _names(document.get("policies", []))
    if not named:
        what = f"{file}: services is missing or not a list of modules."
        raise InvalidProject(what, 'Write services = ["shop.orders", "shop.billing"].')
    if policies is None:
        raise InvalidProject(
            f"{file}: policies is not a list of modules.", 'Write policies = ["shop.policies"].'
        )
    folder = file.resolve().parent
    return Project(
        name,
        named,
        folder,
        _import_root(folder),
        policies,
        stages.read(document.get("stages", {}), file),
    )


def _nearby(path: Path) -> str:
    """What to do without an `oort.toml`: the folders below that have one, if they are few."""
    found = sorted({file.parent for steps in ("*", "*/*") for file in path.glob(f"{steps}/{FILE}")})
    folders = [str(one) for one in found if not any(part.startswith(".") for part in one.parts)]
    here = f" Below it: {', '.join(folders)}." if 0 < len(folders) <= _FEW else ""
    return f"Name the platform's folder, as PATH or after -C.{here}"


def _names(listed: object) -> tuple[str, ...] | None:
    """The modules in a list; None if it is none, or holds something else."""
    found = cast(list[object], listed) if isinstance(listed, list) else [None]
    named = tuple(one for one in found if isinstance(one, str) and _MODULE.fullmatch(one))
    return named if len(named) == len(found) else None


def program(project: Project) -> "Program":
    """Import the project's services and load them. Raises InvalidProgram with file and line of every mistake."""
    from oort.app.loading.loader import load

    return load(services(project), name=project.name)


def services(project: Project) -> list[Service]:
    """Import the project's services. Raises InvalidProgram with file and line of everything that cannot be imported."""
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    mistakes: list[Mistake] = []
    packages = [list(_modules(package, project, mistakes)) for package in project.packages]
    if mistakes:
        raise InvalidProgram(mistakes)
    found = [value for modules in packages for module in modules for value in vars(module).values()]
    declared = list({id(value): value for value in found if isinstance(value, Service)}.values())
    if not declared:
        raise InvalidProject(
            f"No Service in {', '.join(project.packages)}.", 'Write orders = Service("orders").'
        )
    for modules in packages:
        _own({module.__name__ for module in modules}, declared)
    return declared


def homes(project: Project) -> dict[str, tuple[str, ...]]:
    """Service name -> the entries of `services` in `oort.toml` in which it is declared. Imports them as `services` does.

    Two services may stand in one module. Of an entry inside another, the inner one counts.
    """
    found: dict[str, tuple[str, ...]] = {}
    for service in services(project):
        modules = {name: module for name, module in sys.modules.items() if _entry(name, project)}
        made = {
            name
            for name, one in modules.items()
            if getattr(one, "__file__", "") == service.declared.source.file
        }
        held = (
            name
            for name, one in modules.items()
            if any(value is service for value in vars(one).values())
        )
        within = {_entry(name, project) for name in service.declared.modules | made} - {None}
        within = within or {
            _entry(name, project) for name in held
        }  # all of it was declared by modules elsewhere
        found[service.name] = tuple(entry for entry in project.packages if entry in within)
    return found


def policies(project: Project) -> list[Rule]:
    """The project's policies: those in its service packages, and those in the modules that it lists. After `program`."""
    from oort.app.declaring.policies import is_policy  # Lambda runs no policies

    mistakes: list[Mistake] = []
    names = (*project.packages, *project.policies)
    modules = [module for name in names for module in _modules(name, project, mistakes)]
    if mistakes:
        raise InvalidProgram(mistakes)
    found = {
        id(value): value
        for module in modules
        for value in vars(module).values()
        if is_policy(value)
    }
    return list(found.values())


def _entry(module: str, project: Project) -> str | None:
    """The deepest service package that a module is in."""
    around = [
        entry for entry in project.packages if module == entry or module.startswith(f"{entry}.")
    ]
    return max(around, key=len, default=None)


def _own(modules: set[str], services: list[Service]) -> None:
    """A package of one service is its own, modules that declare nothing included; `contracts` are everybody's."""
    here = [service for service in services if service.declared.modules & modules]
    if len(here) == 1:
        here[0].declared.modules |= {name for name in modules if "contracts" not in name.split(".")}


def _modules(package: str, project: Project, mistakes: list[Mistake]) -> Iterator[ModuleType]:
    """The package and all that is in it; what cannot be imported is a mistake, and the rest is tried all the same."""
    try:
        module = _import(package, project)
    except InvalidProgram as error:
        mistakes += error.mistakes
        return
    yield module
    # walk_packages imports packages too; it tries again, and passes over, what has failed here already.
    for info in pkgutil.walk_packages(
        getattr(module, "__path__", ()), f"{package}.", onerror=lambda _: None
    ):
        try:
            yield _import(info.name, project)
        except InvalidProgram as error:
            mistakes += error.mistakes


def _import(name: str, project: Project) -> ModuleType:
    try:
        return importlib.import_module(name)
    except InvalidProgram:
        raise
    except ModuleNotFoundError as error:
        if error.name == name or name.startswith(f"{error.name}."):
            what = f"{project.folder / FILE}: there is no module {name}."
            raise InvalidProject(what, f"Imports start from {project.root}.") from None
        raise InvalidProgram([_mistake(error, project)]) from error
    except SyntaxError as error:
        source = Source(error.filename or "", error.lineno or 0)
        raise InvalidProgram(
            [Mistake(source, "import.syntax", f"{error.msg}.", "Mend the syntax.")]
        ) from error
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        raise InvalidProgram([_mistake(error, project)]) from error


def _mistake(error: BaseException, project: Project) -> Mistake:
    """The error at the last line of the user's own code."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_own(frame.filename, project)
    ]
    source = (
        Source(frames[-1].filename, frames[-1].lineno or 0)
        if frames
        else Source(str(project.folder / FILE), 1)
    )
    if isinstance(error, OortError):
        return Mistake(source, error.code, error.what, error.instead)
    return Mistake(
        source,
        "import.failed",
        f"{type(error).__name__}: {error}.",
        "Importing a service must not fail.",
    )


def _is_own(file: str, project: Project) -> bool:
    own = (
        os.path.commonpath([project.root, Path(file).resolve()]) == str(project.root)
        if Path(file).is_absolute()
        else False
    )
    return own and "site-packages" not in file


def _import_root(folder: Path) -> Path:
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder
