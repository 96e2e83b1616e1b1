"""How mail leaves: a port of the app, and the file outbox that stands for a mail server on one machine."""

import json
import os
from pathlib import Path
from typing import Protocol

import msgspec


class Mail(msgspec.Struct):
    """One mail to send."""

    to: str
    subject: str
    text: str


class Sender(Protocol):
    """Hands mail to the outside world. A call cannot be taken back, so a redelivered message may send twice."""

    def send(self, mail: Mail, *, reference: str) -> None:
        """Send it. `reference` is the same when the same mail is sent again; real providers drop repeats by it."""


class FileSender:
    """Appends one record for each call, so that repeats show."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def send(self, mail: Mail, *, reference: str) -> None:
        """Append it: one line, one write."""
        record = {"reference": reference, "to": mail.to, "subject": mail.subject}
        self._file.write(json.dumps(record).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def outbox() -> Path:
    """Where the file outbox is: COMETBID_OUTBOX, or beside the platform's state."""
    return Path(
        os.environ.get("COMETBID_OUTBOX") or Path(__file__).parents[1] / ".oort" / "outbox.jsonl"
    )
