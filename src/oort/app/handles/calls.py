"""Declared calls: a service asks another service and waits for the answer.

A contracts module declares the call; a single service answers it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar, cast, get_args, get_origin

import msgspec

from oort.app.handles import codecs, transactions
from oort.app.handles.actions import D, M, R
from oort.app.handles.handle import Declaration, Handle, ask, caller
from oort.model import limits, names, operations
from oort.model.errors import InvalidProgram, InvalidUse, Mistake, Source, Unreadable
from oort.model.problems import BadRequest, Conflict, Forbidden, NotFound, Problem, Unauthorized
from oort.model.resources import CallModel
from oort.rules.types import models

_KNOWN: dict[int, type[Problem]] = {
    kind.status: kind for kind in (BadRequest, Unauthorized, Forbidden, NotFound, Conflict)
}
_SERVER = 500
T = TypeVar("T")


class CallFailed(Problem):
    """The other service could not answer."""

    status = 502


class CallTimedOut(Problem):
    """The other service took too long to answer."""

    status = 504


@dataclass(frozen=True, slots=True)
class CallDeclaration(Declaration):
    """The record of `@call` on the class."""

    model: CallModel
    request: object
    reply: object
    raises: tuple[type[Problem], ...]


class Call(Handle, Generic[M, R]):
    """A request to another service and its answer.

    Declare a call with `@call` in a contracts module, take it as a parameter of a handler, and call
    the parameter. Raises CallTimedOut if no answer arrives within `timeout`, and CallFailed for an
    error in the other service. A problem of the answering handler is raised here: as the class in
    `raises=`, or else as the class of its status. Raises InvalidUse inside `atomic()`, because a
    call cannot be undone.
    """

    __oort__: CallDeclaration

    def __call__(self, request: M) -> R:
        """Send the request and return the answer."""
        if transactions.is_open():
            raise InvalidUse(
                "A call inside atomic() is not possible: it cannot be undone.",
                "Call before or after the block.",
            )
        declared = self.__oort__
        operation = operations.CallFunction(
            declared.model.name, codecs.body(request, declared.request)
        )
        result = ask(self._link, operation)
        if (
            isinstance(result, operations.Objected)
            and result.status >= _SERVER
            and declared.model.idempotent
        ):
            result = ask(self._link, operation)
        return cast(R, _answer(declared, result))


def call(
    name: str,
    *,
    timeout: timedelta = timedelta(seconds=5),
    idempotent: bool = False,
    raises: Sequence[type[Problem]] = (),
    version: int = 1,
) -> Callable[[D], D]:
    """Declare a call with the name `service.name`.

    Only the service before the dot answers the call; every service may ask. `timeout` is at most 29
    seconds. With `idempotent=True`, Oort repeats a failed call once; declare this only if a
    repeated request does no harm. `raises` are the problem classes that callers can catch. A call
    with another request or answer is a new `version`: answer both until no service asks the old
    version. Raises InvalidProgram for a wrong name, version, base class or time-out.

    >>> @call("billing.charge", idempotent=True)
    ... class Charge(Call[str, int]): ...
    """
    source = caller()

    def decorate(cls: D) -> D:
        arguments = _arguments(cls)
        mistakes = (
            list(_mistakes(cls, name, version, timeout, source))
            if arguments
            else [_wrong_base(cls, source)]
        )
        if mistakes or arguments is None:
            raise InvalidProgram(mistakes)
        full = name if version == 1 else f"{name}-v{version}"
        model = CallModel(full, names.owner(name), timeout, idempotent, source)
        cls.__oort__ = CallDeclaration(model, arguments[0], arguments[1], tuple(raises))  # type: ignore[attr-defined]
        return cls

    return decorate


def declared(cls: object) -> CallDeclaration | None:
    """Return the record of `@call`; None if the class is not a declared call."""
    declaration = getattr(cls, "__oort__", None)
    return declaration if isinstance(declaration, CallDeclaration) else None


def _answer(declared: CallDeclaration, result: operations.Result) -> object:
    if isinstance(result, operations.Objected):
        raise _problem(declared, result)
    assert isinstance(result, operations.Answered)  # the only other result of a call
    try:
        return codecs.read(result.body, declared.reply)
    except msgspec.MsgspecError as error:
        what = f"The answer of {declared.model.name} does not fit: {error}."
        raise Unreadable(what, "Deploy both services with the same contract.") from error


def _problem(declared: CallDeclaration, objected: operations.Objected) -> Problem:
    """Return the problem as a class that the caller can catch."""
    if objected.status == CallTimedOut.status:
        return CallTimedOut(objected.detail)
    if objected.status >= _SERVER:
        return CallFailed(f"{declared.model.name} could not answer.")
    named = {kind.__name__: kind for kind in declared.raises}
    kind = named.get(objected.kind) or _KNOWN.get(objected.status, Problem)
    problem = kind(objected.detail, **msgspec.json.decode(objected.members))
    problem.status = objected.status
    return problem


def _arguments(cls: type) -> tuple[object, ...] | None:
    for candidate in getattr(cls, "__orig_bases__", ()):
        if get_origin(candidate) is Call:
            return tuple(map(models.opened, get_args(candidate)))
    return None


def _wrong_base(cls: type, source: Source) -> Mistake:
    what = f"{cls.__name__} is not a Call."
    return Mistake(source, "call.base", what, f"Write class {cls.__name__}(Call[Request, Answer]).")


def _mistakes(
    cls: type, name: str, version: int, timeout: timedelta, source: Source
) -> list[Mistake]:
    mistakes: list[Mistake] = []
    if version < 1:
        what = f"Version {version} of {name} is not possible."
        mistakes.append(Mistake(source, "call.version", what, "Versions count from 1."))
    if not names.EVENT.fullmatch(name):
        what = f"{name!r} is not a call's name."
        mistakes.append(
            Mistake(
                source,
                "call.name",
                what,
                "Write service.name in lower case, for example billing.charge.",
            )
        )
    if not timedelta(0) < timeout <= limits.REQUEST_TIMEOUT:
        what = f"{cls.__name__}: a time-out of {timeout} is not possible."
        mistakes.append(
            Mistake(source, "call.timeout", what, "Use at most 29 s, the limit of a request.")
        )
    return mistakes
