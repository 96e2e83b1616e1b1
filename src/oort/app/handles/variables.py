"""The type variables of the public surface. Defaults (PEP 696) matter to type checkers only, so Python 3.11 does without."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Never, ParamSpec

from oort.app.handles.actions import Action

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    S = TypeVar("S", default=None)
    Can = TypeVar("Can", bound=Action, contravariant=True, default=Never)
else:
    from typing import TypeVar

    S = TypeVar("S")
    Can = TypeVar("Can", bound=Action, contravariant=True)

K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M")
V = TypeVar("V")
N = TypeVar("N", int, float)
R = TypeVar("R")
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])
D = TypeVar("D", bound=type)
