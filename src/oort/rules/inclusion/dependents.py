"""Express what the presence of a member requires of its object, in keywords of all drafts.

Used by `unions` and `complements`. A need is a choice: the member is absent, or the object fits.
Equal needs have equal tokens, so they include each other even if they are not understood.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from oort.rules.inclusion import membership
from oort.rules.inclusion.documents import Json, Subschema, identity, literal

MOST = 3  # needs that are multiplied out; of more only the tokens count


@dataclass(frozen=True, slots=True)
class Need:
    """An object with the member must fit `asked`. A doubtful need may have a different or no
    meaning."""

    name: str
    asked: Subschema
    token: object
    doubtful: bool

    @property
    def arms(self) -> tuple[Subschema, Subschema]:
        """Return two schemas that together admit the same objects as the need."""
        return literal({"properties": {self.name: False}}), self.asked


def needs(subschema: Subschema) -> list[Need]:
    """Return the needs of all members here."""
    return list(_needs(subschema))


def _needs(subschema: Subschema) -> Iterator[Need]:
    for word in ("dependentRequired", "dependentSchemas", "dependencies"):
        unsure = word == "dependencies" and subschema.doubtful_dependencies
        for name, needed in cast(dict[str, Json], subschema.known.get(word, {})).items():
            if isinstance(needed, list):
                requirement, doubtful = literal({"type": "object", "required": needed}), unsure
            else:  # some take it for the schema of the member, and then it lets no object in
                inner = subschema.child(word, name)
                requirement = literal({"type": "object", "$ref": 0}, inner)
                doubtful = unsure or (bool(inner.words) and "object" not in membership.kinds(inner))
            yield Need(
                name, requirement, _token(subschema, name, needed, doubtful=doubtful), doubtful
            )


def _token(subschema: Subschema, name: str, needed: Json, *, doubtful: bool) -> object:
    """Return equal tokens for equal needs, in any document. A need with a reference gets a unique
    token."""
    content = identity(needed)
    return (
        object()
        if "Ref" in str(content) or "$ref" in str(content)
        else (name, content, subschema.document.draft, doubtful)
    )
