"""The errors of Oort, with a stable code each. Each says what happened, where, and what to do.

A mistake is an error of the user's program, with its location in the source. Problems that a
handler raises for a client are in `model.problems`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from oort.model.messages import Fault


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A source location in the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """An error in the user's program: its location, the problem, and the fix."""

    source: Source
    code: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.source}: {self.what}\n    {self.instead} [{self.code}]"


class OortError(Exception):
    """The base class: a refusal of Oort, or a failure outside of a handler."""

    code = "oort"

    def __init__(self, what: str, instead: str = "") -> None:
        self.what = what
        self.instead = instead
        super().__init__(f"{what} {instead}".strip())


class Refusal(OortError):
    """The base of errors with which an operation of a handle is refused. They cross the broker by their code."""

    code = "operation.refused"


class TimedOut(BaseException):
    """A handler has used the whole time of its message or request.

    No Exception, so that a handler does not catch it by accident.
    """

    def __init__(self, after: timedelta) -> None:
        self.after = after
        super().__init__(f"The function was not done after {after.total_seconds():g} s.")


class InvalidProgram(OortError):
    """The services cannot be loaded; `mistakes` lists every reason, with file and line."""

    code = "program.invalid"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class InvalidProject(OortError):
    """The folder is not a platform: `oort.toml` is missing, unreadable or incomplete."""

    code = "project.invalid"


class UnreadableContract(OortError):
    """A contract is damaged, edited by hand, or written by a later version of Oort.

    The contract is a lock file, or a stage's record of its deployed contracts.
    """

    code = "contract.unreadable"


class NotGranted(Refusal):
    """A handler used an action that its signature does not ask for."""

    code = "permission.denied"


class InvalidUse(Refusal):
    """The public API was used in a way that neither target can carry out."""

    code = "use.invalid"


class InvalidValue(Refusal):
    """A value cannot be stored or sent: a number out of range, an empty key, a naive time."""

    code = "value.invalid"


class LimitExceeded(Refusal):
    """A size or a count is over a limit that both targets share."""

    code = "limit.exceeded"


class InvalidEvent(OortError):
    """An event does not fit its own class: a wrong type, or a value out of bounds.

    The event was not published.
    """

    code = "event.invalid"


class Unreadable(OortError):
    """Stored data or a message does not fit the type that the program declares now."""

    code = "data.unreadable"


class NotUnderstood(Unreadable):
    """A consumer cannot read a message: an unknown version, malformed data, or another type.

    The message is parked; `fault` says why.
    """

    code = "message.parked"

    def __init__(self, fault: Fault, instead: str = "") -> None:
        self.fault = fault
        super().__init__(fault.detail, instead)


class ConditionFailed(Refusal):
    """A write's condition did not hold. `position` is the index of the write in its transaction."""

    code = "condition.failed"

    def __init__(self, what: str, *, position: int = 0) -> None:
        self.position = position
        super().__init__(what)


class NoSuchItem(Refusal):
    """An update without `initial=` met no item.

    `position` is the index of the write in its transaction.
    """

    code = "item.missing"

    def __init__(self, what: str, *, position: int = 0) -> None:
        self.position = position
        super().__init__(what)


class EffectInProgress(Refusal):
    """Another delivery has the lease of the effect, or took the lease over.

    Retry after `after`, not before.
    """

    code = "effect.in-progress"

    def __init__(self, what: str, instead: str = "", *, after: timedelta = timedelta(0)) -> None:
        self.after = after
        super().__init__(what, instead)


class InvalidCursor(Refusal):
    """A pagination cursor was not issued for this query."""

    code = "cursor.invalid"


class InvalidToken(OortError):
    """A bearer token or an invocation's token is not accepted."""

    code = "token.invalid"


class StateUnusable(OortError):
    """The state folder is in use, newer than this version, or damaged."""

    code = "state.unusable"


class WrongState(StateUnusable):
    """The command names a state that does not exist, or a name that a saved state cannot get."""

    code = "state.name"


class StateLost(StateUnusable):
    """Files of the state were removed or replaced. Nothing can be saved until they are back."""

    code = "state.lost"


class AddressInUse(OortError):
    """Another program listens on the port."""

    code = "port.in-use"


class CertificateUnusable(OortError):
    """The certificate or its key is missing, or they do not fit."""

    code = "certificate.unusable"


class NotFoundHere(OortError):
    """The command names a function, queue, trace or address that does not exist."""

    code = "name.unknown"


class InvalidAnswer(OortError):
    """The handler of a call raised an exception that is not a problem.

    `instead` is its traceback.
    """

    code = "call.failed"


class Unavailable(OortError):
    """The target throttles, times out, or is busy with the same item. Try again."""

    code = "target.unavailable"


class StateUnwritable(StateUnusable, Unavailable):
    """The state cannot be written now: the disk is full or fails, or another process has locked it.

    Nothing was saved, and nothing that was saved is lost. Try again.
    """

    code = "state.unwritable"


class QueueFull(Unavailable):
    """Too many messages wait on a queue of the engine. Nothing was sent. Try again."""

    code = "queue.full"


class NoCredentials(OortError):
    """There are no credentials for AWS, or they have expired or are not accepted."""

    code = "cloud.credentials"


class CloudRefused(OortError):
    """AWS refused a request: no permission, or a named resource is missing or not valid."""

    code = "cloud.refused"


class NotPackaged(OortError):
    """A service cannot be packaged: no such wheel, no index, or a damaged dependency."""

    code = "package.failed"


class DeploymentFailed(OortError):
    """A stack could not be created, changed or removed.

    The earlier stack is in place again, unless the message says otherwise.
    """

    code = "deploy.failed"


class ContractBroken(OortError):
    """The deployment would break a published or running contract.

    The message holds the objections.
    """

    code = "contract.broken"


class DidNotSettle(OortError):
    """The test kit stopped after its limit of deliveries: a handler triggers itself endlessly."""

    code = "test.unsettled"
