"""A service that hurts nobody. Its clients must not notice what happens to the others."""

import msgspec

from oort import Can, Get, Put, Service, Table

calm = Service("calm")


class Note(msgspec.Struct):
    """A note of a client."""

    id: str


@calm.table("notes", key="id")
class Notes(Table[str, Note, Can]):
    """The notes."""


@calm.put("/{id}", public=True)
def keep(id: str, notes: Notes[Put | Get]) -> Note:
    """Keep a note, and return what is kept."""
    notes.put(Note(id))
    return notes.require(id)
