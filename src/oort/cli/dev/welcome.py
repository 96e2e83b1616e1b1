"""What `oort dev` says when it is ready: where it listens, what runs, where the state is, and commands to try at once.

The commands need no shell and show no secret: tokens stand in a file that curl reads.
"""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from socket import socket
from typing import Annotated, get_args, get_origin
from urllib.parse import quote, urlencode

import msgspec

from oort.app.declaring.signatures import ValueParameter
from oort.app.programs import Function, Program
from oort.cli.dev import fixed_pages
from oort.cli.printing import output
from oort.model.errors import InvalidValue
from oort.model.functions import Http
from oort.model.items import Value
from oort.rules.http import routing
from oort.rules.types import examples

DEVELOPER = "developer"
_CURL = ("curl", "-sS", "-w", r"\n")
_JSON = ("-H", "content-type: application/json")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send requests, and the file with the developer's token that curl reads with -K."""

    url: str
    credentials: Path


def address(listener: socket, state: Path) -> Address:
    """Where the platform behind the socket is."""
    host, port = listener.getsockname()
    return Address(f"http://{host}:{port}", state / "support.curl")


def banner(program: Program, *, url: str, state: Path) -> Iterator[str]:
    """The platform's name and address, its services, and its state folder."""
    model = program.model
    yield f"{output.paint(model.name, 'bold')}  {output.paint(url, 'cyan')}"
    yield f"{'':<{len(model.name)}}  {output.paint(url + fixed_pages.EXPLORER, 'cyan')}  to read and call the routes"
    yield ""
    width = max(len(service.name) for service in model.services)
    for service in model.services:
        yield f"  {service.name:<{width}}  {output.counted(len(service.functions), 'function')}"
    yield f"\n  State in {output.relative(state)}. Stop with Ctrl+C."


def commands(program: Program, address: Address, *, tag: str, today: date) -> list[str]:
    """Commands to paste: one that creates something, then those that show something. `tag` makes e-mail addresses unique."""
    functions = [program.functions[one.name] for one in program.model.functions]
    creating = (_command(one, address, tag=tag, today=today) for one in functions if _creates(one))
    showing = (_command(one, address, tag=tag, today=today) for one in functions if _shows(one))
    return [*[one for one in creating if one][:1], *(one for one in showing if one)]


def groups(program: Program) -> frozenset[str]:
    """Every group that a route names."""
    triggers = (function.trigger for function in program.model.functions)
    return frozenset(
        group for trigger in triggers if isinstance(trigger, Http) for group in trigger.groups
    )


def write_credentials(file: Path, token: str) -> None:
    """The token in a file that only its owner can read, for `curl -K`."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        os.fchmod(descriptor, 0o600)
        opened.write(f'header = "authorization: Bearer {token}"\n')


def _creates(function: Function) -> bool:
    trigger = function.model.trigger
    if not isinstance(trigger, Http) or trigger.method != "POST" or not trigger.public:
        return False
    places = {one.place for one in _values(function)}
    return "body" in places and "path" not in places


def _shows(function: Function) -> bool:
    trigger = function.model.trigger
    if not isinstance(trigger, Http) or trigger.method != "GET":
        return False
    return all(_is_date(one.kind) for one in _values(function) if one.place == "path")


def _command(function: Function, address: Address, *, tag: str, today: date) -> str:
    """The curl command for a route; empty if one of its types has no example."""
    trigger = function.model.trigger
    assert isinstance(trigger, Http)
    try:
        found = {
            one: examples.example(one.kind, tag=tag, today=today)
            for one in _values(function)
            if one.required
        }
    except InvalidValue:
        return ""
    query = urlencode(
        [(one.wire, _text(value)) for one, value in found.items() if one.place == "query"]
    )
    words = [*_CURL, *(() if trigger.public else ("-K", str(address.credentials)))]
    words.append(address.url + _path(trigger.path, today) + (f"?{query}" if query else ""))
    for one, value in found.items():
        if one.place == "header":
            words += ["-H", f"{one.wire}: {_text(value)}"]
        elif one.place == "body":
            words += [*_JSON, "-d", msgspec.json.encode(value).decode()]
    return shlex.join(words)


def _path(path: str, today: date) -> str:
    parts = (
        today.isoformat() if routing.parameter(part) else quote(part, safe="")
        for part in routing.segments(path)
    )
    return "/" + "/".join(parts)


def _text(value: Value) -> str:
    one = next(iter(value), "") if isinstance(value, list) else value
    return one if isinstance(one, str) else msgspec.json.encode(one).decode()


def _values(function: Function) -> list[ValueParameter]:
    return [one for one in function.signature.parameters if isinstance(one, ValueParameter)]


def _is_date(kind: object) -> bool:
    return (get_args(kind)[0] if get_origin(kind) is Annotated else kind) is date
