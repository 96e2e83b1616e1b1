"""Parts of a program without a form on AWS."""

from oort.app.programs import Program
from oort.cli.printing import output


def show(program: Program, chosen: list[str]) -> None:
    """Print the parts of the chosen services, or of all, that AWS leaves out."""
    from oort.cloudformation import verdicts

    every = program.model.services
    for warning in verdicts.warnings(each for each in every if not chosen or each.name in chosen):
        output.warn(warning)
