"""Logical ids: the kind of a resource, then its name, so that two names never share an id."""

import hashlib
import re

from oort.cloudformation import rendering
from oort.model.problems import Json

# Words of letters and digits that begin with a letter: capitals then show where each word begins.
# A dot may follow the first word.
_PLAIN = re.compile(r"([a-z][a-z0-9]*\.)?[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*")
_BREAK = re.compile(r"[^A-Za-z0-9]+")


def identity(kind: str, name: str) -> str:
    """Return the logical id of a resource of a kind.

    A name that capitals cannot show in full also carries a hash.

    >>> identity("Table", "people"), identity("Function", "first_workspace")
    ('TablePeople', 'FunctionFirstWorkspace')
    >>> identity("Topic", "accounts.signed-up")
    'TopicAccountsSignedUp'
    """
    words = "".join(word[:1].upper() + word[1:] for word in _BREAK.split(name))
    return f"{kind}{words}" if _PLAIN.fullmatch(name) else f"{kind}{words}{digest(name)}"


def short(name: str) -> str:
    """Return the name without its service, the common prefix of all names in
    a service's template.
    """
    return name.partition(".")[2]


def digest(value: Json) -> str:
    """Return ten characters that change with the value."""
    return hashlib.sha256(rendering.compact(value)).hexdigest()[:10]
