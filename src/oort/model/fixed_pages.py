"""A page that never changes while the platform runs: made by the console, wired by the command line, served by the engine."""

from dataclasses import dataclass

# No service can have this name: services begin with a letter.
PREFIX = "/_oort/"


@dataclass(frozen=True, slots=True)
class FixedPage:
    """What is served under one path. `policy` is its Content-Security-Policy; by itself a page may load nothing."""

    content_type: str
    body: bytes
    policy: str = "default-src 'none'"
