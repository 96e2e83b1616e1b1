"""DynamoDB's expressions, carried out as its documentation says, to compare what we write in them with what we mean.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import copy
import re
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

from oort.rules.tables.attributes import Attribute, Attributes
from oort.rules.tables.expressions import Expression

_TOKEN = re.compile(r"\s*([#:]\d+|[A-Za-z_]+|<=|>=|\[\d+\]|[=<>(),.+])")
_RANKED = {"S", "N"}
_EXACT = Context(prec=400)  # the longest sum of two numbers has 256 digits


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException."""


class Language:
    """Carries out one expression on one item."""

    def __init__(self, expression: Expression, item: Attributes) -> None:
        self._expression = expression
        self._item = item
        self._tokens: list[str] = []

    def holds(self) -> bool:
        """Whether the condition is true of the item."""
        self._read(self._expression.condition)
        if not self._tokens:
            return True
        answer = self._either()
        assert not self._tokens
        return answer

    def updated(self) -> Attributes:
        """The item after the update. Every operand is read before anything is written."""
        self._read(self._expression.update)
        new = copy.deepcopy(self._item)
        writes = list(self._writes())
        for path, value in writes:
            _put(new, path, value)
        return new

    def _read(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r"\s", "", text)

    def _next(self, *expected: str) -> str:
        token = self._tokens.pop(0)
        assert not expected or token in expected, (token, expected)
        return token

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _either(self) -> bool:
        answer = self._all()
        while self._peek() == "OR":
            self._next()
            answer = self._all() or answer
        return answer

    def _all(self) -> bool:
        answer = self._one()
        while self._peek() == "AND":
            self._next()
            answer = self._one() and answer
        return answer

    def _one(self) -> bool:
        if self._peek() == "(":
            self._next()
            answer = self._either()
            self._next(")")
            return answer
        if self._peek().startswith("#"):
            return self._comparison()
        name = self._next("attribute_exists", "attribute_not_exists", "attribute_type")
        self._next("(")
        found = self._find(self._path())
        if name == "attribute_type":
            self._next(",")
            kind = self._value()["S"]
            answer = found is not None and kind in found
        else:
            answer = (found is not None) == (name == "attribute_exists")
        self._next(")")
        return answer

    def _comparison(self) -> bool:
        found, operator = self._find(self._path()), self._next("=", "<=", ">=", "<", ">", "BETWEEN")
        value = self._value()
        if operator == "=":
            return found is not None and same(found, value)
        if operator == "BETWEEN":
            self._next("AND")
            high = self._value()
            if value.keys() != high.keys() or _rank(value) > _rank(high):
                raise Invalid
            return (
                found is not None
                and found.keys() == value.keys()
                and _rank(value) <= _rank(found) <= _rank(high)
            )
        if found is None or found.keys() != value.keys():
            return False
        left, right = _rank(found), _rank(value)
        return bool(
            {"<=": left <= right, ">=": left >= right, "<": left < right, ">": left > right}[
                operator
            ]
        )

    def _writes(self) -> Iterator[tuple[list[str], Attribute | None]]:
        paths: list[list[str]] = []
        while self._tokens:
            clause = self._next("SET", "REMOVE")
            while True:
                path = self._path()
                if any(other[: len(path)] == path[: len(other)] for other in paths):
                    raise Invalid
                paths.append(path)
                value = None
                if clause == "SET":
                    self._next("=")
                    value = self._sum()
                yield path, value
                if self._peek() != ",":
                    break
                self._next()

    def _sum(self) -> Attribute:
        value = self._operand()
        if self._peek() != "+":
            return value
        self._next()
        other = self._operand()
        if "N" not in value or "N" not in other:
            raise Invalid
        return {"N": str(_EXACT.add(Decimal(str(value["N"])), Decimal(str(other["N"]))))}

    def _operand(self) -> Attribute:
        if self._peek().startswith(":"):
            return self._value()
        name = self._next("if_not_exists", "list_append")
        self._next("(")
        if name == "if_not_exists":
            found = self._find(self._path())
            self._next(",")
            value = self._operand()
            value = value if found is None else found
        else:
            left = self._operand()
            self._next(",")
            right = self._operand()
            if "L" not in left or "L" not in right:
                raise Invalid
            value = {"L": [*left["L"], *right["L"]]}  # type: ignore[misc]
        self._next(")")
        return value

    def _path(self) -> list[str]:
        names = [self._expression.names[self._next()]]
        while self._peek() == ".":
            self._next()
            names.append(self._expression.names[self._next()])
        if self._peek().startswith("["):  # the position of an element; Oort writes it last
            names.append(self._next())
        return names

    def _value(self) -> Attribute:
        return self._expression.values[self._next()]

    def _find(self, path: list[str]) -> Attribute | None:
        here: Any = {"M": self._item}
        for name in path:
            if name.startswith("["):
                elements, position = here.get("L", []), int(name[1:-1])
                return dict(elements[position]) if position < len(elements) else None
            if "M" not in here or name not in here["M"]:
                return None
            here = here["M"][name]
        return dict(here)


def same(left: Attribute, right: Attribute) -> bool:
    """Whether two attributes are one value."""
    if left.keys() != right.keys():
        return False
    ((kind, a),), ((_, b),) = left.items(), right.items()
    if kind == "N":
        return Decimal(str(a)) == Decimal(str(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return a == b


def _rank(value: Attribute) -> Any:
    ((kind, content),) = value.items()
    if kind not in _RANKED:
        raise Invalid
    return Decimal(str(content)) if kind == "N" else str(content).encode()


def _put(item: Any, path: list[str], value: Attribute | None) -> None:
    here = item
    for name in path[:-1]:
        if name not in here or "M" not in here[name]:
            raise Invalid
        here = here[name]["M"]
    if value is None:
        here.pop(path[-1], None)
    else:
        here[path[-1]] = value
