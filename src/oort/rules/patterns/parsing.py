"""Reading of a regular expression of ECMAScript, as JSON Schema uses it: with the flag `u`.

`Unreadable` says what is not understood. A group is a group, whether it captures or not.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from oort.rules.patterns import characters
from oort.rules.patterns.characters import Ranges


class Unreadable(Exception):
    """A part of an expression that is not understood."""


@dataclass(frozen=True, slots=True)
class Characters:
    """Any single character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """All parts, each after the other."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of the arms."""

    arms: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The part, at least and at most so many times. None is without end."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """A condition on a place: the start, the end, the edge of a word, or no edge."""

    kind: Literal["^", "$", "b", "B"]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A condition on what follows."""

    part: "Node"
    wanted: bool


Node: TypeAlias = Characters | Sequence | Choice | Repeated | Place | Ahead

_CLASSES = {"d": characters.DIGITS, "w": characters.WORD, "s": characters.SPACES}
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "0": "\0"}
_SYNTAX = "^$\\.*+?()[]{}|/"
_PROPERTIES = {
    "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Mark": "M", "Number": "N",
    "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Other": "C",
}  # fmt: skip
_TIMES: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST = 10_000


def parsed(pattern: str) -> Node:
    """Return the expression as a tree. Raises Unreadable."""
    reader = _Reader(pattern)
    node = reader.choice()
    if reader.rest:
        raise Unreadable(f"an unexpected {reader.rest[0]}")
    return node


@dataclass(slots=True)
class _Reader:
    text: str
    position: int = 0

    @property
    def rest(self) -> str:
        return self.text[self.position :]

    def _next(self) -> str:
        if self.position >= len(self.text):
            raise Unreadable("an end within a group, a class or an escape")
        self.position += 1
        return self.text[self.position - 1]

    def _took(self, word: str) -> bool:
        if not self.text.startswith(word, self.position):
            return False
        self.position += len(word)
        return True

    def choice(self) -> Node:
        """Read up to the end of the group."""
        arms = [self._sequence()]
        while self._took("|"):
            arms.append(self._sequence())
        return arms[0] if len(arms) == 1 else Choice(tuple(arms))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.position < len(self.text) and self.text[self.position] not in "|)":
            part = self._atom()
            parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        short = next((word for word in _TIMES if self._took(word)), "")
        if not short and not self._took("{"):
            return part
        least, most = _TIMES[short] if short else self._counts()
        if isinstance(part, Place | Ahead):
            raise Unreadable("a repeated condition")
        self._took("?")  # lazy: the same texts match
        if self.rest[:1] in ("*", "+", "?", "{"):
            raise Unreadable("a repeated repetition")
        return Repeated(part, least, most)

    def _counts(self) -> tuple[int, int | None]:
        least = self._number()
        most: int | None = least
        if self._took(","):
            most = None if self.rest[:1] == "}" else self._number()
        if not self._took("}") or (most is not None and least > most):
            raise Unreadable("a brace that is no repetition")
        return least, most

    def _number(self) -> int:
        digits = ""
        while self.rest[:1].isdecimal() and self.rest[:1].isascii():
            digits += self._next()
        if not digits or int(digits) > _MOST:
            raise Unreadable("a brace that is no repetition, or a very large one")
        return int(digits)

    def _atom(self) -> Node:
        sign = self._next()
        match sign:
            case "^" | "$":
                return Place(sign)
            case ".":
                return Characters(characters.complement(characters.LINE_ENDS))
            case "(":
                return self._group()
            case "[":
                return Characters(self._class())
            case "\\":
                return self._escape()
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise Unreadable(f"an unexpected {sign}")
            case _:
                return Characters(characters.of(sign))

    def _group(self) -> Node:
        ahead = next((word for word in ("?=", "?!") if self._took(word)), "")
        if not ahead and not self._took("?:") and self._took("?"):
            if not self._took("<") or self.rest[:1] in ("=", "!"):
                raise Unreadable("a group with flags or a look back")
            name, closing, _ = self.rest.partition(">")
            if not closing or not name.isidentifier():
                raise Unreadable("a group with a wrong name")
            self.position += len(name) + 1
        inner = self.choice()
        if not self._took(")"):
            raise Unreadable("a group without an end")
        # Only in a group may a condition be repeated.
        return Ahead(inner, ahead == "?=") if ahead else Sequence((inner,))

    def _escape(self) -> Node:
        if self.rest[:1] in ("b", "B"):
            return Place("b" if self._next() == "b" else "B")
        return Characters(self._escaped())

    def _escaped(self) -> Ranges:
        """Return the characters that an escape stands for."""
        sign = self._next()
        if sign.lower() in _CLASSES:
            ranges = _CLASSES[sign.lower()]
            return ranges if sign.islower() else characters.complement(ranges)
        if sign in "pP":
            return self._property(wanted=sign == "p")
        if sign in _CONTROLS and not (sign == "0" and self.rest[:1].isdecimal()):
            return characters.of(_CONTROLS[sign])
        if sign in _SYNTAX or sign == "-" or not sign.isalnum():
            return characters.of(sign)
        if sign in "xu":
            return self._point(sign)
        if sign == "c" and self.rest[:1].isascii() and self.rest[:1].isalpha():
            return characters.of(chr(ord(self._next()) % 32))
        raise Unreadable(f"the escape \\{sign}")

    def _point(self, sign: str) -> Ranges:
        if sign == "u" and self._took("{"):
            digits, _, _ = self.rest.partition("}")
            self.position += len(digits) + 1
        else:
            size = 2 if sign == "x" else 4
            digits = self.rest[:size]
            self.position += size
            if len(digits) < size:
                raise Unreadable(f"the escape \\{sign}")
        try:
            point = int(digits, 16)
        except ValueError:
            raise Unreadable(f"the escape \\{sign}") from None
        if point > characters.LAST or 0xD800 <= point < 0xE000:
            raise Unreadable("half of a character")
        return ((point, point),)

    def _property(self, *, wanted: bool) -> Ranges:
        if not self._took("{"):
            raise Unreadable("the escape \\p")
        name, _, _ = self.rest.partition("}")
        self.position += len(name) + 1
        name = name.removeprefix("General_Category=").removeprefix("gc=")
        name = _PROPERTIES.get(name, name)
        ranges = characters.category(name) if 1 <= len(name) <= 2 else ()
        if not ranges:
            raise Unreadable(f"the property {name}")
        return ranges if wanted else characters.complement(ranges)

    def _class(self) -> Ranges:
        negated = self._took("^")
        parts: list[Ranges] = []
        while not self._took("]"):
            low = self._member()
            if self.rest[:1] == "-" and self.rest[1:2] not in ("]", ""):
                self.position += 1
                high = self._member()
                if not (_is_single(low) and _is_single(high) and low[0][0] <= high[0][0]):
                    raise Unreadable("a range without two ends")
                low = ((low[0][0], high[0][0]),)
            parts.append(low)
        ranges = characters.union(parts)
        return characters.complement(ranges) if negated else ranges

    def _member(self) -> Ranges:
        sign = self._next()
        if sign != "\\":
            return characters.of(sign)
        if self._took("b"):
            return characters.of("\b")
        return self._escaped()


def _is_single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
