"""A line of a structured log: a JSON object with time, level and message first.

Functions on Lambda and `oort dev` write these lines.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec


def line(level: str, message: str, *, now: datetime, fields: Mapping[str, object]) -> str:
    """Return the line without a line break.

    Empty fields are left out. A value that JSON cannot have is written as its `repr`.

    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> line("INFO", "begun", now=now, fields={"status": 200, "trace": ""})
    '{"time":"2026-01-01T00:00:00.000Z","level":"INFO","message":"begun","status":200}'
    """
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    present = {name: value for name, value in fields.items() if value != ""}
    document = {"time": moment, "level": level, "message": message, **present}
    return msgspec.json.encode(document, enc_hook=repr).decode()
