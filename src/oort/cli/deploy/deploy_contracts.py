"""What a deployment does with contracts: it is held against the lock files and against what the stage runs, and recorded in
both. `oort deploy` and `oort destroy` call it; the commands on lock files are in `commands.contracts_locks`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.cli.printing import findings, output
from oort.delivery import checking, stage_contracts
from oort.delivery.stage_contracts import Release
from oort.model.contracts import Finding, Weight
from oort.model.errors import ContractBroken
from oort.ports.assets import Assets

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The contracts of one deployment. `say` prints what people should know."""

    release: Release
    stage: str
    say: Say

    def hold(self, assets: Assets) -> None:
        """ContractBroken if the deployment would break what the stage runs."""
        _refuse(self.release.objections(assets), f"what the stage {self.stage} runs")

    def keep(self, assets: Assets) -> None:
        """Record in the stage what it runs now."""
        self.release.keep(assets)

    def publish(self) -> None:
        """Mark in the lock files what the stage has now."""
        checked = self.release.checked
        found = checking.publish(checked, services=self.release.services, stage=self.stage)
        if found:
            findings.changes(checked.folder, found, say=self.say)


def check(
    project: Project, program: Program, *, stage: str, chosen: Sequence[str], say: Say
) -> Agreement:
    """Hold the program against its lock files, before anything else. ContractBroken if it breaks what is published.

    A platform without lock files is told about them, and goes on.
    """
    checked = checking.check(project, program)
    _refuse((*checked.objections, *checked.outdated), "the lock files")
    if warnings := [one for one in checked.findings if one.weight is Weight.WARNING]:
        say(findings.report(warnings))
    if not checked.locks and (checked.declared.events or checked.declared.apis):
        say(
            "Nothing keeps the contracts of this platform yet: run oort contracts lock, and commit what it writes."
        )
    everyone = tuple(one.name for one in program.model.services)
    return Agreement(Release(checked, tuple(chosen) or everyone, everyone), stage, say)


def forget(assets: Assets, services: Sequence[str]) -> None:
    """Record in the stage that these services run there no more."""
    stage_contracts.forget(assets, services)


def _refuse(objections: Sequence[Finding], whom: str) -> None:
    if objections:
        count = output.counted(len(objections), "objection")
        what = f"Contracts stand in the way of the deployment: {count} by {whom}.\n\n{findings.report(objections)}\n\n"
        raise ContractBroken(what, "Nothing was sent.")
