"""What a member's presence asks of its object, in the words of all drafts, as a choice: without the member, or what it asks.

Read by `unions` and `complements`. A need has a token as well, since equal needs hold each other whatever they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from oort.rules.inclusion import membership
from oort.rules.inclusion.documents import Json, Place, identity, literal

MOST = 3  # needs that are multiplied out; of more only the tokens count


@dataclass(frozen=True, slots=True)
class Need:
    """An object with the member must be as `asked`. A doubtful one may mean nothing, or not what its author meant."""

    name: str
    asked: Place
    token: object
    doubtful: bool

    @property
    def arms(self) -> tuple[Place, Place]:
        """Two schemas that together admit what the need does."""
        return literal({"properties": {self.name: False}}), self.asked


def needs(place: Place) -> list[Need]:
    """Everything that the presence of members asks for here."""
    return list(_needs(place))


def _needs(place: Place) -> Iterator[Need]:
    for word in ("dependentRequired", "dependentSchemas", "dependencies"):
        unsure = word == "dependencies" and place.doubtful_dependencies
        for name, needed in cast(dict[str, Json], place.known.get(word, {})).items():
            if isinstance(needed, list):
                asked, doubtful = literal({"type": "object", "required": needed}), unsure
            else:  # some take it for the schema of the member, and then it lets no object in
                inner = place.child(word, name)
                asked = literal({"type": "object", "$ref": 0}, inner)
                doubtful = unsure or (bool(inner.words) and "object" not in membership.kinds(inner))
            yield Need(name, asked, _token(place, name, needed, doubtful=doubtful), doubtful)


def _token(place: Place, name: str, needed: Json, *, doubtful: bool) -> object:
    """Equal for the same need in any document, unless something in it refers to its own document."""
    said = identity(needed)
    return (
        object()
        if "Ref" in str(said) or "$ref" in str(said)
        else (name, said, place.document.draft, doubtful)
    )
