"""Find a platform on disk: read `oort.toml`, import its packages and collect the services."""

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
from oort.model.errors import InvalidProgram, InvalidProject, Mistake, OortError, Source

if TYPE_CHECKING:
    from oort.app.programs import Program
    from oort.model.delivery.stages import Stage

FILE = "oort.toml"
_KEYS = frozenset({"name", "policies", "services", "stages"})
_FEW = 3  # folders to suggest
_MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of `oort.toml`.

    Imports start from `root`: the first folder upwards that is not a package.
    """

    name: str
    packages: tuple[str, ...]
    folder: Path
    root: Path
    policies: tuple[str, ...] = ()
    stages: "tuple[Stage, ...]" = ()

    def stage(self, name: str) -> "Stage":
        """Return the stage of `oort.toml`; a stage without settings has the defaults."""
        from oort.model.delivery.stages import Stage

        return next((stage for stage in self.stages if stage.name == name), Stage(name))


def find(path: Path) -> Project:
    """Return the project of a folder or of an `oort.toml`.

    Raises InvalidProject if the file is missing or cannot be read.
    """
    import tomllib  # Lambda reads no oort.toml

    file = path if path.name == FILE else path / FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidProject(f"There is no {FILE} in {path}.", _nearby(path)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidProject(
            f"{file} cannot be read: {error}.", "Fix the file and try again."
        ) from error
    if unknown := sorted(document.keys() - _KEYS):
        raise InvalidProject(
            f"{file}: {unknown[0]!r} is not a setting.",
            f"The settings are: {', '.join(sorted(_KEYS))}.",
        )
    from oort.app.loading import stages  # not imported on Lambda

    name, packages = document.get("name"), document.get("services")
    if not isinstance(name, str) or not name:
        raise InvalidProject(f"{file}: name is missing or not text.", 'Write name = "shop".')
    if not stages.may_be_named(name):
        what = f"{file}: {name!r} is not a platform's name."
        instead = (
            "Use lower-case letters, digits and dashes, at most 24, starting with a letter; "
            "names that begin with aws or ssm belong to AWS."
        )
        raise InvalidProject(what, instead)
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
    """Return the advice for a missing `oort.toml`, with the folders below that have the file."""
    candidates = sorted(
        {file.parent for steps in ("*", "*/*") for file in path.glob(f"{steps}/{FILE}")}
    )
    folders = [
        str(folder)
        for folder in candidates
        if not any(part.startswith(".") for part in folder.parts)
    ]
    here = f" Below it: {', '.join(folders)}." if 0 < len(folders) <= _FEW else ""
    return f"Name the platform's folder, as PATH or after -C.{here}"


def _names(listed: object) -> tuple[str, ...] | None:
    """Return the modules of a list; None if the value is not a list of modules."""
    entries = cast(list[object], listed) if isinstance(listed, list) else [None]
    named = tuple(entry for entry in entries if isinstance(entry, str) and _MODULE.fullmatch(entry))
    return named if len(named) == len(entries) else None


def program(project: Project) -> "Program":
    """Import the project's services and load them.

    Raises InvalidProgram with file and line of every mistake.
    """
    from oort.app.loading.loader import load

    return load(services(project), name=project.name)


def services(project: Project) -> list[Service]:
    """Import the project's services.

    Raises InvalidProgram with file and line of every failed import.
    """
    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    mistakes: list[Mistake] = []
    packages = [list(_modules(package, project, mistakes)) for package in project.packages]
    if mistakes:
        raise InvalidProgram(mistakes)
    values = [
        value for modules in packages for module in modules for value in vars(module).values()
    ]
    declared = list({id(value): value for value in values if isinstance(value, Service)}.values())
    if not declared:
        raise InvalidProject(
            f"The packages {', '.join(project.packages)} have no Service.",
            'Write orders = Service("orders").',
        )
    for modules in packages:
        _claim({module.__name__ for module in modules}, declared)
    return declared


def homes(project: Project) -> dict[str, tuple[str, ...]]:
    """Map each service to the entries of `services` in `oort.toml` that declare it.

    Imports them as `services` does. A module may declare two services. For an entry inside another
    entry, the inner entry counts.
    """
    entries: dict[str, tuple[str, ...]] = {}
    for service in services(project):
        modules = {name: module for name, module in sys.modules.items() if _entry(name, project)}
        declaring = {
            name
            for name, module in modules.items()
            if getattr(module, "__file__", "") == service.declared.source.file
        }
        holding = (
            name
            for name, module in modules.items()
            if any(value is service for value in vars(module).values())
        )
        within = {_entry(name, project) for name in service.declared.modules | declaring} - {None}
        within = within or {
            _entry(name, project) for name in holding
        }  # declared only by modules elsewhere
        entries[service.name] = tuple(entry for entry in project.packages if entry in within)
    return entries


def policies(project: Project) -> list[Rule]:
    """Return the policies in the service packages and in the listed modules.

    Call this after `program`.
    """
    from oort.app.declaring.policies import is_policy  # Lambda runs no policies

    mistakes: list[Mistake] = []
    names = (*project.packages, *project.policies)
    modules = [module for name in names for module in _modules(name, project, mistakes)]
    if mistakes:
        raise InvalidProgram(mistakes)
    rules = {
        id(value): value
        for module in modules
        for value in vars(module).values()
        if is_policy(value)
    }
    return list(rules.values())


def _entry(module: str, project: Project) -> str | None:
    """Return the innermost service package of a module."""
    around = [
        entry for entry in project.packages if module == entry or module.startswith(f"{entry}.")
    ]
    return max(around, key=len, default=None)


def _claim(modules: set[str], services: list[Service]) -> None:
    """Add all modules of a package with a single service to the service.

    `contracts` modules belong to all services.
    """
    here = [service for service in services if service.declared.modules & modules]
    if len(here) == 1:
        here[0].declared.modules |= {name for name in modules if "contracts" not in name.split(".")}


def _modules(package: str, project: Project, mistakes: list[Mistake]) -> Iterator[ModuleType]:
    """Yield the package and all its modules.

    A failed import is a mistake; the import of the others goes on.
    """
    try:
        module = _import(package, project)
    except InvalidProgram as error:
        mistakes += error.mistakes
        return
    yield module
    # walk_packages imports packages too; it ignores imports that have already failed here.
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
            what = f"{project.folder / FILE}: the module {name} does not exist."
            raise InvalidProject(what, f"Imports start from {project.root}.") from None
        raise InvalidProgram([_mistake(error, project)]) from error
    except SyntaxError as error:
        raise InvalidProgram([_syntax(error)]) from error
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        raise InvalidProgram([_mistake(error, project)]) from error


def _syntax(error: SyntaxError) -> Mistake:
    source = Source(error.filename or "", error.lineno or 0)
    if (error.text or "").startswith(_MERGE_MARKS):
        instead = "Resolve the merge: keep what is right of both sides, and remove the marks."
        return Mistake(source, "import.syntax", "A mark of a merge conflict stands here.", instead)
    return Mistake(source, "import.syntax", f"{error.msg}.", "Fix the syntax.")


def _mistake(error: BaseException, project: Project) -> Mistake:
    """Return the error as a mistake at the last line of the user's code."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_inside(frame.filename, project)
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
        "Fix the error: importing a service must not fail.",
    )


def _is_inside(file: str, project: Project) -> bool:
    inside = (
        os.path.commonpath([project.root, Path(file).resolve()]) == str(project.root)
        if Path(file).is_absolute()
        else False
    )
    return inside and "site-packages" not in file


def _import_root(folder: Path) -> Path:
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder
