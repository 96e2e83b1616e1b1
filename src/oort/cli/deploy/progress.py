"""How deployments tell what they will do and what happens, a line each."""

from collections.abc import Callable

from oort.cli.printing import output
from oort.model.delivery.deployments import StackEvent, StackPlan

_WORDS = {"Add": "to add", "Modify": "to change", "Remove": "to remove", "Import": "to take back"}


def plan(plan: StackPlan) -> str:
    """What a plan changes, in one line."""
    if not plan.changes:
        return f"{plan.stack:<28} nothing to change"
    counts = [
        f"{sum(one.action == action for one in plan.changes)} {word}"
        for action, word in _WORDS.items()
    ]
    told = ", ".join(one for one in counts if not one.startswith("0 "))
    replaced = [one.resource for one in plan.changes if one.replaced]
    return f"{plan.stack:<28} {told}" + (f"; replaced: {', '.join(replaced)}" if replaced else "")


def event(event: StackEvent) -> str:
    """What happened to a resource, in one line; why, if it failed."""
    style = "red" if event.failed else "dim"
    told = f"  {output.one_line(event.reason)}" if event.failed else ""
    line = f"{event.stack:<28} {event.status:<28} {event.resource} ({event.kind}){told}"
    return output.paint(line, style)


def teller(say: Callable[[str], None]) -> Callable[[StackEvent], None]:
    """Says what happens. A resource that is begun gets no line of its own, since its end follows."""

    def tell(one: StackEvent) -> None:
        if one.resource == one.stack or not one.status.endswith("_IN_PROGRESS"):
            say(event(one))

    return tell
