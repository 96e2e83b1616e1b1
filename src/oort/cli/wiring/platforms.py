"""Load the platform of a command: its project, its program, and its state folder."""

import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.model.errors import NotFoundHere


def find(path: Path) -> Project:
    """Return the project in the folder. InvalidProject if missing."""
    return projects.find(path.absolute())  # so that a message never says "in .."


def load(path: Path) -> tuple[Project, Program]:
    """Return the project in the folder and its program. InvalidProject, or InvalidProgram with all
    mistakes."""
    project = find(path)
    # The output of services while they load is not the output of the command.
    with contextlib.redirect_stdout(sys.stderr):
        return project, projects.program(project)


def files_outside(project: Project) -> list[str]:
    """Return imported files of the project outside its own folder, such as packages beside it."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted(file for file in files if file and _is_beside(Path(file), project))


def _is_beside(file: Path, project: Project) -> bool:
    inside = file.is_relative_to(project.root) and not file.is_relative_to(project.folder)
    return inside and "site-packages" not in file.parts


def state_folder(project: Project, state: Path | None) -> Path:
    """Return the state folder: from the option, or beside oort.toml."""
    return (state or project.folder / ".oort").absolute()


def known_services(program: Program, names: Iterable[str]) -> list[str]:
    """Return the names. NotFoundHere for a name that is no service of the program."""
    services = [service.name for service in program.model.services]
    return [known(name, services, what="service") for name in names]


def known(name: str, names: list[str], *, what: str) -> str:
    """Return the name if it is in `names`. NotFoundHere, with the nearest names, otherwise."""
    if name in names:
        return name
    import difflib  # for mistakes only

    near = difflib.get_close_matches(name, names, n=3)
    instead = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"There are: {', '.join(sorted(names)) or 'none'}."
    )
    raise NotFoundHere(f"There is no {what} {name}.", instead)
