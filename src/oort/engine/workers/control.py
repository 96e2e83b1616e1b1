"""Messages between the broker and the parent of the workers. Each has the same length."""

import socket
import struct
from dataclasses import dataclass
from typing import Literal, TypeAlias

# "start" comes with two descriptors for the worker: a socket, and the claims. Its value is the largest memory in bytes, 0 for no
# limit. "end" is for all workers: their batches end after the current message. "started" has the number of the process, "gone" its status, see os.waitpid.
Word: TypeAlias = Literal["start", "kill", "started", "gone", "end"]
_WORDS: tuple[Word, ...] = ("start", "kill", "started", "gone", "end")
_FORM = struct.Struct("<Bqq")


@dataclass(frozen=True, slots=True)
class Control:
    """A message about the worker with this number."""

    word: Word
    worker: int
    value: int = 0

    def packed(self) -> bytes:
        """Return the bytes of the message.

        >>> unpacked(Control("gone", 7, 9).packed())
        [Control(word='gone', worker=7, value=9)]
        """
        return _FORM.pack(_WORDS.index(self.word), self.worker, self.value)


def unpacked(data: bytes) -> list[Control]:
    """Return the messages in the bytes, which hold complete messages."""
    return [Control(_WORDS[word], worker, value) for word, worker, value in _FORM.iter_unpack(data)]


class Reader:
    """The messages of a connection, with the socket that came with a message."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def receive(self) -> tuple[list[Control], list[int]] | None:
        """Return the messages and descriptors that have come; None after the end.

        Raises BlockingIOError if there are none yet.
        """
        try:
            data, descriptors, _, _ = socket.recv_fds(self._connection, 64 * _FORM.size, 64)
        except ConnectionError:
            return None
        if not data:
            return None
        data = self._rest + data
        whole = len(data) - len(data) % _FORM.size
        self._rest = data[whole:]
        return unpacked(data[:whole]), descriptors
