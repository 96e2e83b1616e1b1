"""Format the plan and the events of a deployment, a line each."""

from collections.abc import Callable

from oort.cli.printing import output
from oort.model.delivery.deployments import StackEvent, StackPlan

_WORDS = {"Add": "to add", "Modify": "to change", "Remove": "to remove", "Import": "to take back"}


def plan(plan: StackPlan) -> str:
    """Format the changes of a plan in one line."""
    if not plan.changes:
        return f"{plan.stack:<28} nothing to change"
    counts = [
        f"{sum(change.action == action for change in plan.changes)} {word}"
        for action, word in _WORDS.items()
    ]
    summary = ", ".join(count for count in counts if not count.startswith("0 "))
    replaced = [change.resource for change in plan.changes if change.replaced]
    return f"{plan.stack:<28} {summary}" + (
        f"; replaced: {', '.join(replaced)}" if replaced else ""
    )


def event(event: StackEvent) -> str:
    """Format an event in one line, with the reason of a failure."""
    style = "red" if event.failed else "dim"
    reason = f"  {output.one_line(event.reason)}" if event.failed else ""
    line = f"{event.stack:<28} {event.status:<28} {event.resource} ({event.kind}){reason}"
    return output.paint(line, style)


def teller(say: Callable[[str], None]) -> Callable[[StackEvent], None]:
    """Return a function that prints events. Starts of resources are skipped, since their ends
    follow."""

    def tell(stack_event: StackEvent) -> None:
        if stack_event.resource == stack_event.stack or not stack_event.status.endswith(
            "_IN_PROGRESS"
        ):
            say(event(stack_event))

    return tell
