"""Open the secrets of a platform: of its state on this machine, or of a stage on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.cli.wiring import platforms
from oort.ports.secrets import KeptSecrets


@contextmanager
def opened(
    project: Project, program: Program, *, stage: str | None, state: Path | None
) -> Iterator[KeptSecrets]:
    """Open the secrets of the stage, or of the state folder. A missing state is created."""
    if stage is not None:
        from oort.cli.wiring.cloud import Cloud

        yield Cloud(project.stage(stage)).secrets(program.model)
        return
    from oort.cli.wiring import embedded

    with embedded.kept_secrets(program, platforms.state_folder(project, state)) as secrets:
        yield secrets
