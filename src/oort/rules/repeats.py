"""Whether an object in a JSON text names a member twice. JSON allows it, readers take one of the two, and not all the same one."""


def named_twice(text: str) -> str | None:
    """A name that an object holds more than once; None if there is none, or if Python cannot read the text.

    >>> named_twice('[{"a": 1, "b": {"a": 2}}, {"c": 1, "c": 1}]')
    'c'
    """
    import json  # for what others wrote only

    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for name in set(names) if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):  # msgspec has read it; Python's limits on numbers and depth are its own
        return None
    return min(found, default=None)
