"""Certain facts about patterns and formats of strings.

Where ECMAScript and Python may differ, the answer is "uncertain".
"""

import re
from dataclasses import dataclass

# Literals, classes, groups and quantifiers that mean the same in ECMAScript and, with re.ASCII, in Python.
_TOKEN = re.compile(
    r"(?P<end>\$)|\\[dDwW.\-/\\+*?()\[\]{}^$|]|\[\^?(?:[^\]\[\\^]|\\[dw.\-/\\\]\[])+\]|\(\?:|\((?![?*+])|[)|^]"
    r"|\{\d{1,3}(?:,(?:\d{1,3})?)?\}|[*+?]|[^\\\[\]{}$()|^*+?]"
)
_PLAIN = r"(?:[A-Za-z0-9 _:/@#%&=,;~-]|\\[./-])*"
_PREFIX = re.compile(rf"\^({_PLAIN})")
_SPELLINGS = {"(?:": "(", "{1,}": "+", "{0,}": "*", "{0,1}": "?", "{1}": "", r"\d": "[0-9]"}
_CHOICE = re.compile(rf"\^({_PLAIN})(?:\((?:\?:)?({_PLAIN}(?:\|{_PLAIN})*)\))?({_PLAIN})\$")
_LETTERS = "azAZ09_- /+.,:@#?=&%!~"
# possessive or lazy, a repeated anchor, or reserved in Python
_ODD = (*(one + sign for one in "*+?}^" for sign in "*+?{"), "--", "&&", "||", "~~")
_LONGEST = 256
_SLOW = 22  # where a group repeats, Python may try two ways at each character
_LOOSE = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d.*",
    "date-time-local": r"\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d(\.\d+)?",
    "time": r"\d\d:\d\d:\d\d.*",
    "time-local": r"\d\d:\d\d:\d\d(\.\d+)?",
    "duration": r"P.+",
    "uuid": r"[0-9A-Fa-f-]{36}",
    "email": r".+@.+",
    "ipv4": r"\d+\.\d+\.\d+\.\d+",
    "ipv6": r"[0-9A-Fa-f:.%]+",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:.*",
    "decimal": r".*\d.*",
    "hostname": r"[0-9A-Za-z._-]+",
    "idn-email": r".+@.+",
    "iri": r"[A-Za-z][A-Za-z0-9+.-]*:.*",
    "uri-reference": r"[!-~]*",
    "json-pointer": r"(/.*)?",
    "relative-json-pointer": r"\d.*",
}
SAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-local": "2026-01-31T12:00:00",
    "time": "12:00:00Z",
    "time-local": "12:00:00",
    "duration": "P1D",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "decimal": "9.90",
    "hostname": "example.com",
    "idn-email": "ada@example.com",
    "iri": "https://example.com/",
    "uri-reference": "/a/b",
    "json-pointer": "/a/b",
    "relative-json-pointer": "1/a",
}


def matches(pattern: str, text: str) -> bool | None:
    """True if the pattern is in the text; None if uncertain."""
    translated = _translated(pattern)
    longest = _SLOW if re.search(r"\)[*+{]", pattern) else _LONGEST
    if translated is None or len(text) > longest or any(sign in text for sign in "\r\u2028\u2029"):
        return None
    if "\n" in text and "$" in pattern:
        return None
    try:
        return re.search(translated, text, re.ASCII) is not None
    except re.error:
        return None


def _translated(pattern: str) -> str | None:
    translated, position = "", 0
    if any(sequence in pattern for sequence in _ODD):
        return None
    while position < len(pattern):
        sign = _TOKEN.match(pattern, position)
        if sign is None or len(pattern) > _LONGEST:
            return None
        translated += r"\Z" if sign["end"] else sign[0]
        position = sign.end()
    return translated


def implies(narrow: str, wide: str) -> bool:
    """True if every text that matches `narrow` matches `wide`: equal, always true, or a shorter
    prefix."""
    narrow, wide = normal(narrow), normal(wide)
    if narrow == wide or wide in ("", ".*", "^", "$", "^.*", ".*$"):
        return True
    prefix, sure = _PREFIX.fullmatch(wide), beginning(narrow)
    return (
        prefix is not None
        and sure is not None
        and sure.startswith(prefix[1])
        and not sure.endswith("\\")
    )


def normal(pattern: str) -> str:
    """Return the pattern in its shortest usual form, if readable."""
    if _translated(pattern) is None:
        return pattern
    return "".join(_SPELLINGS.get(sign[0], sign[0]) for sign in _TOKEN.finditer(pattern))


def spelt_out(pattern: str) -> list[str]:
    """Return all matching texts, if the pattern is a word or a choice of words; else none."""
    match = _CHOICE.fullmatch(pattern)
    if match is None:
        return []
    words = [match[1] + way + match[3] for way in (match[2] or "").split("|")]
    return [word.replace("\\", "") for word in words]


def beginning(pattern: str) -> str | None:
    """Return the common beginning of all matching texts, as written in the pattern; None if
    uncertain."""
    match = _PREFIX.match(pattern)
    if match is None or "|" in pattern or _translated(pattern) is None:
        return None
    sure = match[1][:-1] if pattern[match.end() :][:1] in ("*", "?", "{", "+") else match[1]
    return None if sure.endswith("\\") else sure


def apart(left: str, right: str) -> bool:
    """True if no text can match both, since their beginnings differ."""
    mine, theirs = beginning(left), beginning(right)
    if mine is None or theirs is None:
        return False
    mine, theirs = mine.replace("\\", ""), theirs.replace("\\", "")
    return not mine.startswith(theirs) and not theirs.startswith(mine)


def conforms(name: str, text: str) -> bool | None:
    """True if the text has the format; None if uncertain."""
    if text == SAMPLES.get(name):
        return True
    return (
        False
        if name in _LOOSE and not re.fullmatch(_LOOSE[name], text, re.ASCII | re.DOTALL)
        else None
    )


def examples(pattern: str) -> list[str]:
    """Return some texts that match the pattern, short and long; none if unreadable."""
    translated = _translated(pattern)
    if translated is None:
        return []
    texts = dict.fromkeys(
        _Maker(pattern, more, last).text() for more in (0, 1, 3, 9) for last in (False, True)
    )
    padded = [text + "a" * more for text in texts for more in (1, 3, 9)] + [
        "a" * 3 + text for text in texts
    ]
    return [text for text in dict.fromkeys([*texts, *padded]) if matches(pattern, text)]


def lengths(pattern: str) -> tuple[int, int | None]:
    """Return the least and the greatest length of matching texts."""
    if _translated(pattern) is None:
        return 0, None
    shortest = _Maker(pattern, 0, last=False).length()
    is_anchored = (
        pattern.startswith("^")
        and pattern.endswith("$")
        and not pattern.endswith("\\$")
        and "|" not in pattern
    )
    longest = _Maker(pattern, 99_999, last=True).length() if is_anchored else 99_999
    return shortest, longest if longest < 99_999 else None


@dataclass(slots=True)
class _Maker:
    """Write one text for a pattern, with few or many repetitions and the first or last choice."""

    pattern: str
    more: int
    last: bool
    position: int = 0

    def text(self) -> str:
        """Return a text for the choices up to the end of the group."""
        ways = [""]
        while self.position < len(self.pattern):
            sign = self._token()
            if sign == ")":
                break
            if sign == "|":
                ways.append("")
                continue
            inner = self.text() if sign in ("(", "(?:") else _example(sign, last=self.last)
            ways[-1] = (ways[-1] + inner * self._times())[:_LONGEST]
        return ways[-1] if self.last else ways[0]

    def length(self) -> int:
        """Return the least or, with `last`, the greatest length of the text."""
        ways = [0]
        while self.position < len(self.pattern):
            sign = self._token()
            if sign == ")":
                break
            if sign == "|":
                ways.append(0)
                continue
            inner = self.length() if sign in ("(", "(?:") else int(sign not in ("^", "$"))
            ways[-1] += inner * self._times()
        return max(ways) if self.last else min(ways)

    def _token(self) -> str:
        match = _TOKEN.match(self.pattern, self.position)
        assert match is not None
        self.position = match.end()
        return match[0]

    def _times(self) -> int:
        match = re.compile(r"[*+?]|\{(\d+)(,?)(\d*)\}").match(self.pattern, self.position)
        if match is None:
            return 1
        self.position = match.end()
        least = int(match[1] or match[0] == "+")
        most = int(match[3] or 99_999) if match[1] is None or match[2] else least
        return min(least + self.more, 1 if match[0] == "?" else most)


def _example(part: str, *, last: bool) -> str:
    if part in ("^", "$"):
        return ""
    if part.startswith("[") or part in (".", "\\d", "\\w", "\\D", "\\W"):
        fitting = [letter for letter in _LETTERS if re.fullmatch(part, letter, re.ASCII)]
        return fitting[-1 if last else 0] if fitting else ""
    return part[-1]
