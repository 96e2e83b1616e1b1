"""Check contracts before a deployment and record them after it.

The lock files and the stage both hold contracts. `commands.contracts.locks` has the commands for
lock files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.cli.printing import findings, output
from oort.delivery import checking, stage_contracts
from oort.delivery.stage_contracts import DeployedContracts
from oort.model.contracts import Finding, Weight
from oort.model.errors import ContractBroken
from oort.ports.assets import Assets

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class DeploymentContracts:
    """The contracts of one deployment. `say` prints messages for people."""

    deployed: DeployedContracts
    stage: str
    say: Say
    behind: list[str] = field(default_factory=list[str])  # tables, known after `keep`

    def hold(self, assets: Assets) -> None:
        """Raise ContractBroken if the deployment would break a running service of the stage."""
        _refuse(self.deployed.objections(assets), f"what the stage {self.stage} runs")

    def keep(self, assets: Assets) -> None:
        """Record the deployed contracts in the stage."""
        self.behind.extend(self.deployed.behind(assets))
        self.deployed.keep(assets)

    def hint(self) -> None:
        """Say a line with the command for each table whose stored items have an earlier revision."""
        place = output.relative(self.deployed.checked.folder)
        for table in self.behind:
            self.say(
                f"{table:<28} stored items have an earlier revision: "
                f"oort tables upgrade {table} --stage {self.stage} -C {place}"
            )

    def publish(self) -> None:
        """Mark the deployed contracts as published in the lock files."""
        checked = self.deployed.checked
        changes = checking.publish(checked, services=self.deployed.services, stage=self.stage)
        if changes:
            findings.changes(
                checked.folder, changes, before=checked.locks, say=self.say, stage=self.stage
            )


def check(
    project: Project, program: Program, *, stage: str, chosen: Sequence[str], say: Say
) -> DeploymentContracts:
    """Compare the program with its lock files. ContractBroken if a published contract would break.

    A platform without lock files gets a hint and continues.
    """
    checked = checking.check(project, program)
    _refuse((*checked.objections, *checked.outdated), "the lock files")
    if warnings := [finding for finding in checked.findings if finding.weight is Weight.WARNING]:
        say(findings.report(warnings))
    if not checked.locks and (checked.declared.events or checked.declared.apis):
        say(
            "The contracts of this platform are not locked: run oort contracts lock, and commit the files."
        )
    everyone = tuple(service.name for service in program.model.services)
    return DeploymentContracts(
        DeployedContracts(checked, tuple(chosen) or everyone, everyone, stage), stage, say
    )


def forget(assets: Assets, services: Sequence[str]) -> None:
    """Record in the stage that these services are removed."""
    stage_contracts.forget(assets, services)


def _refuse(objections: Sequence[Finding], whom: str) -> None:
    if objections:
        count = output.counted(len(objections), "objection")
        message = f"Contracts forbid the deployment: {count} by {whom}.\n\n{findings.report(objections)}\n\n"
        raise ContractBroken(message, "Nothing was deployed.")
