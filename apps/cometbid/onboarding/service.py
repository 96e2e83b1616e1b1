"""Creates the first workspace, and shows workspaces."""

import msgspec

from cometbid.contracts.accounts import SignedUp
from oort import Can, Conflict, Get, NotFound, Page, Put, Scan, Service, Table

onboarding = Service("onboarding")


class Workspace(msgspec.Struct):
    """Where an account's work is."""

    owner: str
    name: str


@onboarding.table("workspaces", key="owner")
class Workspaces(Table[str, Workspace, Can]):
    """The first workspace of each account."""


@onboarding.on(SignedUp)
def first_workspace(event: SignedUp, workspaces: Workspaces[Put]) -> None:
    """Create the first workspace. A single conditional write repeats harmlessly, so it needs no atomic() block."""
    try:
        workspaces.put(Workspace(event.account_id, "Home"), if_absent=True)
    except Conflict:
        return


@onboarding.get("/workspaces", groups=["support"])
def all_workspaces(workspaces: Workspaces[Scan], cursor: str | None = None) -> Page[Workspace]:
    """Show every workspace."""
    return workspaces.scan(after=cursor)


@onboarding.get("/workspaces/{owner}", owner="owner", groups=["support"], raises=[NotFound])
def workspace(owner: str, workspaces: Workspaces[Get]) -> Workspace:
    """Show a workspace to its owner or to support."""
    return workspaces.require(owner)
