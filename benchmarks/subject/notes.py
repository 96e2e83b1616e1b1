"""The service that `make bench` measures: read one row, write one row. rivals/fastapi_notes.py does the same work."""

from typing import Annotated

import msgspec
from msgspec import Meta

from oort import Can, Context, Get, Principal, Put, Service, Table

# The throttle is on, at the highest rate there is: a load generator is one client.
notes = Service("notes")

Id = Annotated[str, Meta(pattern="^n[0-9]+$", max_length=20, examples=["n1"])]
Shelf = Annotated[str, Meta(min_length=1, max_length=40, examples=["attic"])]


class Note(msgspec.Struct, kw_only=True):
    """A note as it is stored and shown."""

    id: Id
    shelf: Shelf
    text: Annotated[str, Meta(max_length=2000)]
    pinned: bool = False
    stars: Annotated[int, Meta(ge=0, le=5)] = 0


class Wanted(msgspec.Struct):
    """Which note."""

    id: Id
    shelf: Shelf


@notes.table("kept", key=("shelf", "id"))
class Kept(Table[tuple[str, str], Note, Can]):
    """Every note."""


@notes.get("/ready", public=True)
def ready(ctx: Context) -> dict[str, str]:
    """Whether the platform answers."""
    return {"at": ctx.message_id}


@notes.post("/find", rate=10_000, burst=5_000)
def find(body: Wanted, who: Principal, kept: Kept[Get]) -> Note:  # noqa: ARG001  the point is who may call
    """Read one row."""
    return kept.require((body.shelf, body.id))


@notes.post("/", status=201, rate=10_000, burst=5_000)
def add(body: Note, who: Principal, kept: Kept[Put]) -> Note:  # noqa: ARG001
    """Write one row, durably."""
    kept.put(body)
    return body
