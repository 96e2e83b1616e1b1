"""Whether a caller may use a private route. The engine's gateway asks before the handler, the runtime on AWS likewise."""

from collections.abc import Mapping

from oort.model.functions import Http
from oort.model.invocations import Principal
from oort.model.problems import Forbidden


def check(principal: Principal | None, trigger: Http, parameters: Mapping[str, str]) -> None:
    """Raise Forbidden for a caller who is neither the owner nor in one of the groups, where the route names any."""
    if principal is None or not (trigger.owner or trigger.groups):
        return
    if trigger.owner and parameters[trigger.owner] == principal.id:
        return
    if principal.groups.isdisjoint(trigger.groups):
        groups = f"the groups: {', '.join(trigger.groups)}"
        if not trigger.owner:
            raise Forbidden(f"This route is for {groups}.")
        raise Forbidden(
            f"This is open to its owner{f' and to {groups}' if trigger.groups else ''}."
        )
