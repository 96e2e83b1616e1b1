"""Frames between the broker and a worker process: their types, and their bytes.

A frame is a length of four bytes and a MessagePack value. Decimals and integers beyond 64 bits are
extensions, as in the store.
"""

import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar, cast

import msgspec

from oort.engine.rows import encoding
from oort.model.invocations import (
    BatchInvocation,
    CallInvocation,
    CallOutcome,
    Failure,
    HttpInvocation,
    HttpOutcome,
    Parked,
    Span,
)
from oort.model.items import Value
from oort.model.operations import (
    CallFunction,
    Found,
    GetItem,
    Listed,
    Operation,
    PublishEvent,
    PutItem,
    ReadSecret,
    Result,
    SendMessage,
)
from oort.rules.types import numbers

T = TypeVar("T")

# The longest frame in bytes. The longest that is needed is a batch of ten messages of 256 KiB that
# carry bodies for older consumers, or a reply of 6 MiB with its spans.
LONGEST = 32 * 1024 * 1024
_SIZE = struct.Struct("<I")
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)


class Claim(msgspec.Struct, frozen=True, tag="claim"):
    """Take the next frame, an invocation, only with the right of this number.

    Else leave the frame out.
    """

    number: int


# The form of a right to begin an invocation that was sent ahead, in the pipe of the claims.
RIGHT = struct.Struct("<Q")


class RunRequest(msgspec.Struct, frozen=True, tag="request"):
    """Answer a request."""

    function: str
    invocation: HttpInvocation


class RunBatch(msgspec.Struct, frozen=True, tag="batch"):
    """Handle deliveries, and send a `Settled` for each."""

    function: str
    invocation: BatchInvocation


class RunCall(msgspec.Struct, frozen=True, tag="call"):
    """Answer a call of another function."""

    function: str
    invocation: CallInvocation


class Prepare(msgspec.Struct, frozen=True, tag="prepare"):
    """Make the ports of a function before its first invocation."""

    function: str
    token: str


class Performed(msgspec.Struct, frozen=True, tag="performed"):
    """The result of an operation."""

    result: Result


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The engine could not perform an operation. `code` is that of the error."""

    code: str
    what: str
    instead: str = ""


class Late(msgspec.Struct, frozen=True, tag="late"):
    """The time-out of the invocation, in seconds, came before the result of an operation."""

    after: float


class Retire(msgspec.Struct, frozen=True, tag="retire"):
    """Close the environments and end."""


Run: TypeAlias = RunRequest | RunBatch | RunCall | Prepare
ToWorker: TypeAlias = Run | Performed | Failed | Late | Retire | Claim


class Perform(msgspec.Struct, frozen=True, tag="perform"):
    """Perform an operation for the invocation with this token. The worker waits for the result."""

    token: str
    operation: Operation


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """The end of the next delivery of the batch: a success if there is neither of the two."""

    failure: Failure | None = None
    parked: Parked | None = None


class Line(msgspec.Struct, frozen=True, tag="line"):
    """Lines for the log of the platform."""

    text: str


class Use(msgspec.Struct, frozen=True):
    """The resources that an invocation has used. Times are in seconds.

    `elsewhere` is the time that it waited for anything but the broker. `memory` is the largest memory
    of the process so far, in bytes, beyond what it began with. `is_worn` is true if the process has few descriptors left.
    """

    cpu: float
    elsewhere: float
    memory: int
    is_worn: bool = False


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The end of a request."""

    outcome: HttpOutcome
    use: Use


class Handled(msgspec.Struct, frozen=True, tag="handled"):
    """The end of a batch. Deliveries without a `Settled` did not begin."""

    spans: tuple[Span, ...]
    use: Use


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """The end of a call."""

    outcome: CallOutcome
    use: Use


class Prepared(msgspec.Struct, frozen=True, tag="prepared"):
    """The end of a preparation. `error` is what a provider raised, or empty."""

    error: str
    use: Use


Ended: TypeAlias = Answered | Handled | Returned | Prepared
FromWorker: TypeAlias = Perform | Settled | Line | Ended

_encoder = msgspec.msgpack.Encoder()
_NOT_FOUND = _encoder.encode(Performed(Found(None)))
_FOUND = _encoder.encode(Performed(Found({})))[:-1]  # without the empty item, the last byte
_WITH_VALUES = (Perform, Performed)  # frames with values of items
# Operations whose values need no extension.
_PLAIN = (SendMessage, PublishEvent, CallFunction, ReadSecret)


def framed(frame: ToWorker | FromWorker) -> bytes:
    """Return the frame with its length in front.

    >>> Frames(FromWorker).take(framed(Line("a")))
    [Line(text='a')]
    """
    if isinstance(frame, _WITH_VALUES) and _holds_decimal(frame):
        body = _wide(frame)
    else:
        try:
            body = _encoder.encode(frame)
        except OverflowError:  # an integer beyond 64 bits
            body = _wide(frame)
    return _SIZE.pack(len(body)) + body


def found(stored: bytes | None) -> bytes:
    """Return the frame of `Performed(Found(item))` for the stored bytes of an item, or for no item.

    The store and frames write values in the same way, so the bytes need not be read.
    """
    body = _NOT_FOUND if stored is None else _FOUND + stored
    return _SIZE.pack(len(body)) + body


def decoder(frames: Any) -> "msgspec.msgpack.Decoder[Any]":
    """Return a decoder for frames of this union."""
    return msgspec.msgpack.Decoder(frames, ext_hook=encoding.narrowed)


class Frames(Generic[T]):
    """The frames in a stream of bytes. `take` raises ValueError for bytes that are no frames."""

    def __init__(self, frames: Any) -> None:
        self._decoded: Callable[[bytes | bytearray | memoryview], T] = decoder(frames).decode
        self._rest = bytearray()

    def take(self, data: bytes | bytearray | memoryview) -> list[T]:
        """Return the frames that these bytes complete."""
        if (
            not self._rest
            and len(data) >= _SIZE.size
            and len(data) - _SIZE.size == _SIZE.unpack_from(data)[0] <= LONGEST
        ):
            try:  # the usual case: it is a whole frame
                return [self._decoded(memoryview(data)[_SIZE.size :])]
            except _UNREADABLE as error:
                raise _unreadable(error) from error
        taken: list[T] = []
        if self._rest:
            self._rest += data
            data = self._rest
        start, size = 0, len(data)
        while size - start >= _SIZE.size:
            (length,) = _SIZE.unpack_from(data, start)
            if length > LONGEST:
                raise ValueError(f"A frame of {length} bytes; {LONGEST} are allowed.")
            end = start + _SIZE.size + length
            if end > size:
                break
            taken.append(self._decode(memoryview(data)[start + _SIZE.size : end]))
            start = end
        self._rest = bytearray(memoryview(data)[start:])
        return taken

    def _decode(self, payload: bytes | bytearray | memoryview) -> T:
        try:
            return self._decoded(payload)
        except _UNREADABLE as error:
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> ValueError:
    return ValueError(f"A frame that cannot be read: {error}")


def length(head: bytes | bytearray) -> int:
    """Return the length of the frame with this head of `HEAD` bytes."""
    (size,) = _SIZE.unpack(head)
    return int(size)


HEAD = _SIZE.size


def _wide(frame: ToWorker | FromWorker) -> bytes:
    plain = msgspec.to_builtins(frame, builtin_types=(bytes, Decimal))
    return _encoder.encode(encoding.widened(plain))


def _holds_decimal(frame: Perform | Performed) -> bool:
    """True if a value in the frame is a Decimal: MessagePack would make a text of the number."""
    if isinstance(frame, Perform):
        return numbers.hold_decimal(_values(frame.operation))
    result = frame.result
    if isinstance(result, Found):
        return result.item is not None and numbers.hold_decimal(result.item.values())
    if isinstance(result, Listed):
        return any(numbers.hold_decimal(item.values()) for item in result.items)
    return False


def _values(operation: Operation) -> Iterator[Value]:
    if isinstance(operation, GetItem):
        yield from operation.key
    elif isinstance(operation, PutItem) and operation.when is None:
        yield from operation.item.values()
    elif not isinstance(operation, _PLAIN):
        yield cast(Value, msgspec.to_builtins(operation, builtin_types=(bytes, Decimal)))
