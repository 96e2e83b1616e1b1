"""The welcome text of `oort dev`: address, services, state folder, and commands to try.

The commands work in any shell and show no secret: tokens are in a file that curl reads.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from socket import socket
from typing import Annotated, get_args, get_origin
from urllib.parse import quote, urlencode

import msgspec

from oort.app.declaring.parameters import ValueParameter
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
    """The URL for requests, and the file with the developer's token for `curl -K`."""

    url: str
    credentials: Path


def address(listener: socket, credentials: Path, *, scheme: str = "http") -> Address:
    """Return the address of the platform behind the socket."""
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return Address(f"{scheme}://{name}:{port}", credentials)


def banner(program: Program, *, url: str, state: Path) -> Iterator[str]:
    """Yield the platform's name and address, its services, and its state folder."""
    model = program.model
    yield f"{output.paint(model.name, 'bold')}  {output.paint(url, 'cyan')}"
    yield f"{'':<{len(model.name)}}  {output.paint(url + fixed_pages.EXPLORER, 'cyan')}  to read and call the routes"
    yield ""
    width = max(len(service.name) for service in model.services)
    for service in model.services:
        yield f"  {service.name:<{width}}  {output.counted(len(service.functions), 'function')}"
    yield f"\n  State in {output.relative(state)}. Stop with Ctrl+C."


def commands(program: Program, address: Address, *, tag: str, today: date) -> list[str]:
    """Return curl commands to paste: first one that creates an item, then commands that read.

    `tag` makes e-mail addresses unique.
    """
    functions = [program.functions[function.name] for function in program.model.functions]
    creating = (
        _command(function, address, tag=tag, today=today)
        for function in functions
        if _creates(function)
    )
    showing = (
        _command(function, address, tag=tag, today=today)
        for function in functions
        if _shows(function)
    )
    return [
        *[function for function in creating if function][:1],
        *(function for function in showing if function),
    ]


def groups(program: Program) -> frozenset[str]:
    """Return every group that a route names."""
    triggers = (function.trigger for function in program.model.functions)
    return frozenset(
        group for trigger in triggers if isinstance(trigger, Http) for group in trigger.groups
    )


def credentials(token: str) -> str:
    """Return the content of the file for `curl -K`."""
    return f'header = "authorization: Bearer {token}"\n'


def _creates(function: Function) -> bool:
    trigger = function.model.trigger
    if not isinstance(trigger, Http) or trigger.method != "POST" or not trigger.public:
        return False
    places = {value.place for value in _values(function)}
    return "body" in places and "path" not in places


def _shows(function: Function) -> bool:
    trigger = function.model.trigger
    if not isinstance(trigger, Http) or trigger.method != "GET":
        return False
    return all(_is_date(value.kind) for value in _values(function) if value.place == "path")


def _command(function: Function, address: Address, *, tag: str, today: date) -> str:
    """Return the curl command for a route; empty if a type has no example."""
    trigger = function.model.trigger
    assert isinstance(trigger, Http)
    try:
        values = {
            parameter: examples.example(parameter.kind, tag=tag, today=today)
            for parameter in _values(function)
            if parameter.required
        }
    except InvalidValue:
        return ""
    query = urlencode(
        [
            (parameter.wire, _text(value))
            for parameter, value in values.items()
            if parameter.place == "query"
        ]
    )
    words = [*_CURL, *(() if trigger.public else ("-K", str(address.credentials)))]
    words.append(address.url + _path(trigger.path, today) + (f"?{query}" if query else ""))
    for parameter, value in values.items():
        if parameter.place == "header":
            words += ["-H", f"{parameter.wire}: {_text(value)}"]
        elif parameter.place == "body":
            words += [*_JSON, "-d", msgspec.json.encode(value).decode()]
    return shlex.join(words)


def _path(path: str, today: date) -> str:
    parts = (
        today.isoformat() if routing.parameter(part) else quote(part, safe="")
        for part in routing.segments(path)
    )
    return "/" + "/".join(parts)


def _text(value: Value) -> str:
    scalar = next(iter(value), "") if isinstance(value, list) else value
    return scalar if isinstance(scalar, str) else msgspec.json.encode(scalar).decode()


def _values(function: Function) -> list[ValueParameter]:
    return [
        parameter
        for parameter in function.signature.parameters
        if isinstance(parameter, ValueParameter)
    ]


def _is_date(kind: object) -> bool:
    return (get_args(kind)[0] if get_origin(kind) is Annotated else kind) is date
