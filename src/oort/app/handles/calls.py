"""Declared calls: the one way for a service to ask another and wait. A contracts module names them, one service answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar, cast, get_args, get_origin

import msgspec

from oort.app.handles import codecs, transactions
from oort.app.handles.actions import D, M, R
from oort.app.handles.handle import Declaration, Handle, ask, caller
from oort.model import limits, names, operations
from oort.model.errors import InvalidProgram, InvalidUse, Unreadable
from oort.model.problems import BadRequest, Conflict, Forbidden, NotFound, Problem, Unauthorized
from oort.model.resources import CallModel
from oort.model.sources import Mistake, Source
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
    """What `@call` records on the class."""

    model: CallModel
    request: object
    reply: object
    raises: tuple[type[Problem], ...]


class Call(Handle, Generic[M, R]):
    """A question to another service. Declare it with `@call` in a contracts module, take it as a parameter, call it.

    The answer comes within `timeout`, or CallTimedOut is raised. A problem that the answering handler raises is raised here:
    as the class that `raises=` names, or as the one of its status. CallFailed stands for an error on the other side. It
    cannot be undone, so it is refused inside `atomic()`.
    """

    __oort__: CallDeclaration

    def __call__(self, request: M) -> R:
        """Ask, and wait for the answer."""
        if transactions.is_open():
            raise InvalidUse(
                "A call inside atomic() is not possible: it cannot be undone.",
                "Call before or after the block.",
            )
        declared = self.__oort__
        operation = operations.CallFunction(declared.model.name, codecs.body(request))
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
) -> Callable[[D], D]:
    """Name a call: `service.what`. Only that service answers it; any service may ask.

    `timeout` is at most 29 seconds. `idempotent=True` says that asking twice does no harm: an error is tried once more.

    >>> @call("billing.charge", idempotent=True)
    ... class Charge(Call[str, int]): ...
    """
    source = caller()

    def decorate(cls: D) -> D:
        arguments = _arguments(cls)
        mistakes = (
            list(_mistakes(cls, name, timeout, source)) if arguments else [_no_call(cls, source)]
        )
        if mistakes or arguments is None:
            raise InvalidProgram(mistakes)
        model = CallModel(name, names.owner(name), timeout, idempotent, source)
        cls.__oort__ = CallDeclaration(model, arguments[0], arguments[1], tuple(raises))  # type: ignore[attr-defined]
        return cls

    return decorate


def declared(cls: object) -> CallDeclaration | None:
    """What `@call` recorded; None if the class is no declared call."""
    found = getattr(cls, "__oort__", None)
    return found if isinstance(found, CallDeclaration) else None


def _answer(declared: CallDeclaration, result: operations.Result) -> object:
    if isinstance(result, operations.Objected):
        raise _problem(declared, result)
    assert isinstance(result, operations.Answered)  # what a call answers with
    try:
        return msgspec.json.decode(result.body, type=declared.reply, dec_hook=models.load)
    except msgspec.MsgspecError as error:
        what = f"The answer of {declared.model.name} does not fit: {error}."
        raise Unreadable(what, "Both services must be of the same contract.") from error


def _problem(declared: CallDeclaration, objected: operations.Objected) -> Problem:
    """The problem as the class that the caller can catch."""
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
            return get_args(candidate)
    return None


def _no_call(cls: type, source: Source) -> Mistake:
    what = f"{cls.__name__} is not a Call."
    return Mistake(source, "call.base", what, f"Write class {cls.__name__}(Call[Request, Answer]).")


def _mistakes(cls: type, name: str, timeout: timedelta, source: Source) -> list[Mistake]:
    found: list[Mistake] = []
    if not names.EVENT.fullmatch(name):
        what = f"{name!r} is not a call's name."
        found.append(
            Mistake(source, "call.name", what, "Write service.what in lower case: billing.charge.")
        )
    if not timedelta(0) < timeout <= limits.REQUEST_TIMEOUT:
        what = f"{cls.__name__}: a time-out of {timeout} is not possible."
        found.append(
            Mistake(
                source, "call.timeout", what, "It is at most 29 s: who waits is a request itself."
            )
        )
    return found
