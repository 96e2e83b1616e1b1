"""Plan the package of a service: project modules, Oort's own modules, and distributions.

A plan is data and needs no network. `complete` adds the fetched wheels; `archives` writes the zip.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from oort.app.loading.projects import Project
from oort.delivery import distributions, wheels
from oort.delivery.installed import Environment
from oort.delivery.modules import Tree
from oort.delivery.targets import Target
from oort.delivery.wheels import Wheels
from oort.model.delivery.packages import Package, PackedFile
from oort.model.delivery.stages import Stage
from oort.model.errors import NotFoundHere

# The packages of Oort that run on Lambda.
SHIPPED = (
    "model",
    "rules",
    "ports",
    "app",
    "runtime",
    "aws",
)
_OORT = Path(__file__).resolve().parents[1]
_FORMAT = "oort-package-1"  # a new one whenever the same content is packed in another way


class Packer:
    """Plan the packages of a project for a stage. Files are read only once, so use a new Packer for
    each run.

    `homes` maps each service to its entries in `oort.toml`: `app.projects.homes`.
    """

    def __init__(
        self,
        project: Project,
        *,
        stage: Stage,
        homes: Mapping[str, tuple[str, ...]],
        installed: Environment | None = None,
    ) -> None:
        self._target = Target(stage.runtime, stage.architecture)
        self._homes = homes
        self._tree = Tree(project.root, entries=project.packages)
        self._installed = installed or Environment()
        self._oort = _oort()
        self._digests: dict[Path, str] = {}

    def package(self, service: str) -> Package:
        """Plan the package of a service.

        InvalidProgram for an import that is not installed, NotPackaged for a damaged distribution.
        """
        if service not in self._homes:
            raise NotFoundHere(
                f"There is no service {service}.", f"There are: {', '.join(sorted(self._homes))}."
            )
        sources = self._tree.files_of(self._homes[service])
        needed = distributions.of(sources.foreign, target=self._target, environment=self._installed)
        ours = {path.relative_to(self._tree.root).as_posix(): path for path in sources.files}
        paths = {
            **_merged(distribution.files for distribution in needed.pure),
            **self._oort,
            **ours,
        }
        native = {**_merged(distribution.files for distribution in needed.native), **paths}
        # A native distribution counts by its version whether it is fetched or here, so that two machines agree.
        versions = [f"{name}=={version}" for name, version in needed.versions]
        counted = [f"{self._digest(file)}  {path}" for path, file in paths.items()]
        files = tuple(
            PackedFile(path, native[path], self._digest(native[path])) for path in sorted(native)
        )
        fingerprint = _fingerprint(self._target, [*versions, *counted])
        target = self._target
        return Package(
            service, target.runtime, target.architecture, fingerprint, files, needed.wheels
        )

    def _digest(self, file: Path) -> str:
        if file not in self._digests:
            self._digests[file] = hashlib.sha256(file.read_bytes()).hexdigest()
        return self._digests[file]


def complete(package: Package, *, source: Wheels) -> Package:
    """Return the package with its wheels added. NotPackaged if a wheel cannot be fetched."""
    target = Target(package.runtime, package.architecture)
    packed = {file.path: file for file in package.files}
    for wheel in package.wheels:
        for path, content in wheels.files(source.fetch(wheel, target=target)).items():
            packed.setdefault(path, PackedFile(path, content, hashlib.sha256(content).hexdigest()))
    files = tuple(packed[path] for path in sorted(packed))
    return Package(
        package.service, package.runtime, package.architecture, package.fingerprint, files
    )


def _oort() -> dict[str, Path]:
    modules = (path for name in SHIPPED for path in (_OORT / name).rglob("*.py"))
    return {
        f"oort/{path.relative_to(_OORT).as_posix()}": path
        for path in (_OORT / "__init__.py", *modules)
    }


def _merged(files: Iterable[Mapping[str, Path]]) -> dict[str, Path]:
    """Merge the files of several distributions. Equal paths are the same file."""
    return {path: file for paths in files for path, file in paths.items()}


def _fingerprint(target: Target, counted: Iterable[str]) -> str:
    lines = [_FORMAT, target.runtime, target.architecture.value, *sorted(counted)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
