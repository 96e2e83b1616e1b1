"""Random expressions, and what they mean to Python's own engine."""

import re
from random import Random

LETTERS = "ab1_ -\n"
_SINGLE = (
    *("a", "b", "1", "_", " ", "-", r"\n", r"\x61", r"\u0062", r"\.", r"\d", r"\w", r"\D", r"\W"),
    *(".", "[a-b]", "[^a]", r"[\d_]", r"[^\w]", "^", "$", r"\b"),
)
_TIMES = ("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,3}?", "{2,}", "{0}")


def random_expression(draw: Random, depth: int = 4) -> str:
    """Any expression of the dialect."""
    if not depth or draw.random() < 0.2:
        return draw.choice(_SINGLE)
    parts = [random_expression(draw, depth - 1) for _ in range(draw.randrange(1, 4))]
    inner = "".join(parts)
    match draw.randrange(6):
        case 0:
            return f"(?:{'|'.join(parts)})"
        case 1:
            return f"({inner}){draw.choice(_TIMES)}"
        case 2:
            return f"(?={inner})"
        case 3:
            return f"(?!{inner})"
        case _:
            return inner


def of_python(expression: str) -> re.Pattern[str]:
    """The expression for Python, by a translation of its own: of the two signs that differ."""
    written, escaped, inside = "", False, False
    for sign in expression:
        special = not escaped and not inside
        written += (
            r"\Z"
            if special and sign == "$"
            else r"[^\n\r\u2028\u2029]"
            if special and sign == "."
            else sign
        )
        inside = (inside or (sign == "[" and not escaped)) and (sign != "]" or escaped)
        escaped = sign == "\\" and not escaped
    return re.compile(written, re.ASCII)


def random_texts(draw: Random) -> list[str]:
    return ["".join(draw.choices(LETTERS, k=draw.randrange(7))) for _ in range(40)]
