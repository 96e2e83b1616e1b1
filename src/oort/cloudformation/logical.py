"""What resources are called inside a template: the kind and then the name, so that no two names can become one."""

import hashlib
import re

from oort.cloudformation import rendering
from oort.model.problems import Json

# Words of letters and digits that begin with a letter: capitals then show where one begins. A dot may follow the first.
_PLAIN = re.compile(r"([a-z][a-z0-9]*\.)?[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*")
_BREAK = re.compile(r"[^A-Za-z0-9]+")


def identity(kind: str, name: str) -> str:
    """The logical id of a resource of a kind. A name that capitals cannot show in full carries a hash besides.

    >>> identity("Table", "people"), identity("Function", "first_workspace"), identity("Topic", "accounts.signed-up")
    ('TablePeople', 'FunctionFirstWorkspace', 'TopicAccountsSignedUp')
    """
    words = "".join(word[:1].upper() + word[1:] for word in _BREAK.split(name))
    return f"{kind}{words}" if _PLAIN.fullmatch(name) else f"{kind}{words}{digest(name)}"


def short(name: str) -> str:
    """The name without its service: inside a service's template it goes without saying."""
    return name.partition(".")[2]


def digest(value: Json) -> str:
    """Ten characters that change with the value."""
    return hashlib.sha256(rendering.compact(value)).hexdigest()[:10]
