"""Patterns of users that have no equal meaning in Python and in JSON Schema. Only checks load this."""

from oort.rules.patterns import dialect, parsing

_GROUPS = {
    "(?P<": "Write (?:…): names of groups have no use here.",
    "(?i": "Write both cases, for example [Aa].",
    "(?<=": "Write what may stand in front as a part of the pattern.",
    "(?<!": "Write what may stand in front as a part of the pattern.",
}
_INSTEAD = "Use literals, classes, groups, | and repetitions, and write \\{ for a brace."


def problem(pattern: str) -> tuple[str, str]:
    """Return the reason against a pattern, and what to write instead; two empty texts if there is none.

    >>> problem("^(?P<year>[0-9]{4})$")[1]
    'Write (?:…): names of groups have no use here.'
    >>> problem("^[a-z]+$")
    ('', '')
    """
    try:
        parsing.parsed(dialect.checked(pattern).exported)
    except dialect.Foreign as error:
        return str(error), error.instead
    except parsing.Unreadable as error:
        fitting = (advice for sign, advice in _GROUPS.items() if sign in pattern)
        return f"JSON Schema does not know {error}", next(fitting, _INSTEAD)
    except RecursionError:
        return "it is nested too deeply", _INSTEAD
    return "", ""
