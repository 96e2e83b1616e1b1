"""A line of a structured log: one JSON object with time, level and message first. Functions in Lambda and `oort dev` write them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from oort.runtime import redaction


def line(level: str, message: str, *, now: datetime, fields: Mapping[str, object]) -> str:
    """The line, without its end. Fields that are empty are left out; what is no JSON is shown as its `repr`. Secrets are hidden.

    >>> line("INFO", "begun", now=datetime(2026, 1, 1, tzinfo=UTC), fields={"status": 200, "trace": ""})
    '{"time":"2026-01-01T00:00:00.000Z","level":"INFO","message":"begun","status":200}'
    """
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {name: value for name, value in fields.items() if value != ""}
    document = redaction.members({"message": message, **told})
    return msgspec.json.encode(
        {"time": moment, "level": level, **document}, enc_hook=_shown
    ).decode()


def _shown(value: object) -> str:
    return redaction.text(repr(value))
