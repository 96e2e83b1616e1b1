"""What a deployment leaves out."""

from oort.app.programs import Program
from oort.cli.printing import output


def show(program: Program, chosen: list[str]) -> None:
    """Print what AWS leaves out of the chosen services, or of all."""
    from oort.cloudformation import verdicts

    every = program.model.services
    for warning in verdicts.warnings(each for each in every if not chosen or each.name in chosen):
        output.warn(warning)
