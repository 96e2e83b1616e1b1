"""P27: a function may do what its signature says and nothing else; the broker decides, not the handle."""

import msgspec
import pytest

from cometbid.accounts import accounts
from cometbid.analytics.service import analytics
from cometbid.email.service import email
from cometbid.onboarding.service import onboarding
from oort import Can, Get, Put, Service, Table
from oort.app.loading.loader import load
from oort.model.errors import NotGranted
from oort.model.functions import Grant
from oort.model.operations import DeleteItem, GetItem, Refused
from oort.model.resources import Kind
from oort.testing import Platform

notes = Service("notes")


class Note(msgspec.Struct):
    """A note."""

    id: str


@notes.table("notes", key="id")
class Notes(Table[str, Note, Can]):
    """Every note."""


@notes.table("secrets", key="id")
class Secrets(Table[str, Note, Can]):
    """What only `write` may touch."""


@notes.get("/{id}", public=True)
def read(id: str, notes: Notes[Get]) -> str:
    """Tries, with the handle's own link, what the signature does not say."""
    answers = [
        notes._link.perform(operation)
        for operation in (
            GetItem("notes.notes", (id,)),
            DeleteItem("notes.notes", (id,)),
            GetItem("notes.secrets", (id,)),
        )
    ]
    return " | ".join(one.detail if isinstance(one, Refused) else "granted" for one in answers)


@notes.put("/{id}", public=True)
def write(id: str, notes: Notes[Put], secrets: Secrets[Put]) -> None:
    """May put, and no more."""
    notes.put(Note(id))
    with pytest.raises(NotGranted, match=r"Notes\[… \| Get\]"):
        notes.get(id)  # type: ignore[misc]  # the point: checkers refuse it, and so does the handle


def test_the_broker_refuses_what_the_signature_does_not_say() -> None:
    with Platform(notes) as running:
        assert running.put("/notes/1").status == 200
        assert running.get("/notes/1").json() == (
            "granted"
            " | notes.read may not delete on the table notes.notes."
            " | notes.read may not get on the table notes.secrets."
        )
        assert running.items(Notes) == [Note("1")]


def test_the_grants_of_the_reference_platform_are_exactly_its_signatures() -> None:
    model = load([accounts, analytics, email, onboarding]).model
    grants = {function.name: set(function.grants) for function in model.functions}
    table, queue, event = Kind.TABLE, Kind.QUEUE, Kind.EVENT
    assert grants["accounts.read"] == {Grant(table, "accounts.people", ("get",))}
    assert grants["accounts.sign_up"] == {
        Grant(table, "accounts.people", ("put",)),
        Grant(table, "accounts.emails", ("put",)),
        Grant(event, "accounts.signed-up", ("publish",)),
    }
    assert grants["analytics.count"] == {Grant(table, "analytics.counts", ("update",))}
    assert grants["email.welcome"] == {Grant(queue, "email.outgoing", ("send",))}
    assert grants["onboarding.first_workspace"] == {Grant(table, "onboarding.workspaces", ("put",))}


def test_no_function_reaches_another_services_resources() -> None:
    for function in load([accounts, analytics, email, onboarding]).model.functions:
        assert {grant.resource.partition(".")[0] for grant in function.grants} <= {function.service}
