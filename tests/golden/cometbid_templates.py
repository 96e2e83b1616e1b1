"""The golden templates of the reference platform: what is deployed, word for word, so that a review shows what changes.

`make golden` writes them anew.
"""

import sys
from pathlib import Path

from oort.app.loading import projects
from oort.cloudformation import rendering, templates
from oort.cloudformation.resources import Template
from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Stage
from oort.model.platform import PlatformModel

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "cometbid"
STAGE = Stage("prod")
FINGERPRINT = "c0de" * 16  # the code changes more often than what runs it


def model() -> PlatformModel:
    """The platform."""
    return projects.program(projects.find(ROOT / "apps" / "cometbid")).model


def every(platform: PlatformModel) -> tuple[Template, ...]:
    """All of its templates."""
    services = (
        templates.service_template(
            one, platform=platform, stage=STAGE, code=Code(FINGERPRINT, (f"cometbid.{one.name}",))
        )
        for one in platform.services
    )
    return (
        templates.platform_template(platform, STAGE),
        templates.assets_template(platform, STAGE),
        *services,
    )


def files() -> dict[str, bytes]:
    """What the folder must hold."""
    return {f"{one.name}.template.json": rendering.rendered(one) for one in every(model())}


def main() -> int:
    """Write the folder anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "apps"))
    sys.exit(main())
