"""Check the permission of a caller for a private route.

Used by the gateway and the runtime on AWS.
"""

from collections.abc import Mapping

from oort.model.functions import Http
from oort.model.invocations import Principal
from oort.model.problems import Forbidden


def callers(trigger: Http) -> str:
    """Return the callers of a route in words; empty for every caller with a valid token.

    >>> callers(Http("GET", "/shop/{id}", 200, False, ("support",), "id"))
    'groups support or the owner, {id}'
    """
    if trigger.public:
        return "anyone"
    groups = [f"groups {', '.join(trigger.groups)}"] if trigger.groups else []
    owner = [f"the owner, {{{trigger.owner}}}"] if trigger.owner else []
    return " or ".join(groups + owner)


def check(principal: Principal | None, trigger: Http, parameters: Mapping[str, str]) -> None:
    """Raise Forbidden if the route is restricted, and the caller is not the owner or in a group of
    it."""
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
