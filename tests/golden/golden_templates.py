"""The golden templates: what is deployed, word for word, so that a review shows what changes.

`make golden` writes them anew: those of the reference platform, and of the small platform with one of every kind.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.cloudformation import rendering, templates
from oort.cloudformation.resources import Template
from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Stage
from oort.model.platform import PlatformModel

ROOT = Path(__file__).resolve().parents[2]
FINGERPRINT = "c0de" * 16  # the code changes more often than what runs it


@dataclass(frozen=True)
class Golden:
    """A platform whose templates are golden."""

    source: Path

    @property
    def folder(self) -> Path:
        """Where its golden templates are."""
        return Path(__file__).parent / self.source.name

    @property
    def project(self) -> Project:
        """What its `oort.toml` says."""
        return projects.find(self.source)

    @property
    def stage(self) -> Stage:
        """The stage that is deployed."""
        return self.project.stage("prod")

    def model(self) -> PlatformModel:
        """The platform."""
        return projects.program(self.project).model

    def every(self, platform: PlatformModel) -> tuple[Template, ...]:
        """All of its templates."""
        name, stage = self.source.name, self.stage
        services = (
            templates.service_template(
                one, platform=platform, stage=stage, code=Code(FINGERPRINT, (f"{name}.{one.name}",))
            )
            for one in platform.services
        )
        return (
            templates.platform_template(platform, stage),
            templates.assets_template(platform, stage),
            *services,
        )

    def files(self) -> dict[str, bytes]:
        """What the folder must hold."""
        return {
            f"{one.name}.template.json": rendering.rendered(one) for one in self.every(self.model())
        }

    def write(self) -> None:
        """Write the folder anew."""
        self.folder.mkdir(exist_ok=True)
        for old in self.folder.glob("*.json"):
            old.unlink()
        for name, data in self.files().items():
            (self.folder / name).write_bytes(data)


COMETBID = Golden(ROOT / "apps" / "cometbid")
BAZAAR = Golden(ROOT / "tests" / "platforms" / "bazaar")  # one of every kind


if __name__ == "__main__":
    for platform in (COMETBID, BAZAAR):
        platform.write()
    sys.exit(0)
