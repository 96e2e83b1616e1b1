"""Find events that begin with a version above 1: most often the number is a typing error.

`oort check` and the comparison with the lock files ask. A platform that has retired its older versions
has their lock files.
"""

from collections.abc import Iterable, Iterator

from oort.model.contracts import Locks, Version

INSTEAD = "Write version=1, or restore the lock files of the earlier versions in contracts/."


def without_earlier(declared: Iterable[Version], locks: Locks) -> Iterator[Version]:
    """Yield the first declared version of each event that has no earlier version.

    >>> list(without_earlier([("shop.sold", 3), ("shop.sold", 4), ("shop.paid", 1)], Locks()))
    [('shop.sold', 3)]
    """
    first: dict[str, int] = {}
    for event, version in declared:
        first[event] = min(version, first.get(event, version))
    for event, version in sorted(first.items()):
        lock = locks.events.get((event, version))
        earlier = any(name == event and number < version for name, number in locks.events)
        if version > 1 and not earlier and not (lock is not None and lock.published):
            yield event, version


def what(version: Version) -> str:
    """Return the sentence that says what is wrong.

    >>> what(("shop.sold", 3))
    'shop.sold begins with version 3, and there was no earlier version.'
    """
    return f"{version[0]} begins with version {version[1]}, and there was no earlier version."
