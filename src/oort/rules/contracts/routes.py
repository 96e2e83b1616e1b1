"""Read the routes of an OpenAPI document that Oort wrote, as far as clients depend on them.

Schemas are self-contained: referenced definitions are included.
"""

import re
from dataclasses import dataclass
from typing import cast

import msgspec

from oort.model.contracts import Schema
from oort.model.items import Value
from oort.rules.contracts.members import standalone

PartLocation = tuple[str, str]  # path, query or header, and the name there; of a path the number

_BRACED = re.compile(r"\{([^}]*)\}")
_JSON = "application/json"
# In documents before the first release: such a reply had no body for None, and has null now.
_OPTIONAL = "without a body"


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter or a body."""

    required: bool
    schema: Schema
    example: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of a success.

    `schema` is None without a known body.
    """

    status: str
    schema: Schema | None
    unknown: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    `ways` are the groups that may call it; "" stands for every caller with a token. A public route
    has none. `owner` is the position of the path parameter with the id of the only caller, None in
    a document of an Oort that did not tell owners.
    """

    method: str
    path: str
    operation: str
    public: bool
    ways: frozenset[str]
    parameters: dict[PartLocation, Part]
    body: Part | None
    reply: Reply
    owner: str | None = None

    @property
    def name(self) -> str:
        """`GET /accounts/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def key(self) -> str:
        """Method and path without parameter names, since clients do not send the names."""
        return f"{self.method} {_BRACED.sub('{}', self.path)}"

    def asked(self) -> str:
        """Return an example request without body and optional parts."""
        names = iter(self.parameters[key] for key in self.parameters if key[0] == "path")
        filled = _BRACED.sub(lambda match: _text(next(names, None), match[1]), self.path)
        needed = [f"{name}={_text(part, name)}" for (location, name), part in self.parameters.items() if location == "query" and part.required]  # fmt: skip
        return f"{self.method} {filled}" + (f"?{'&'.join(needed)}" if needed else "")


def routes(document: Schema) -> dict[str, Route]:
    """Return the routes by key."""
    plain = cast(Schema, msgspec.json.decode(_local(document)))
    components = cast(dict[str, dict[str, Schema]], plain.get("components", {})).get("schemas", {})
    paths = cast(dict[str, dict[str, Schema]], plain.get("paths", {}))
    all_routes = [
        _route(method.upper(), path, operation, components, owners="x-oort-contract" in plain)
        for path, methods in sorted(paths.items())
        for method, operation in sorted(methods.items())
    ]
    return {route.key: route for route in all_routes}


def _local(document: Schema) -> bytes:
    """Change references so that a schema is self-contained."""
    return msgspec.json.encode(document).replace(b'"#/components/schemas/', b'"#/$defs/')


def _route(
    method: str, path: str, operation: Schema, components: dict[str, Schema], *, owners: bool
) -> Route:
    security = cast(list[dict[str, list[str]]], operation.get("security", []))
    numbers = {name: str(number) for number, name in enumerate(_BRACED.findall(path))}
    parameters: dict[PartLocation, Part] = {}
    for parameter in cast(list[Schema], operation.get("parameters", [])):
        location, name = cast(str, parameter["in"]), cast(str, parameter["name"])
        parameters[location, numbers.get(name, name) if location == "path" else name] = _part(
            parameter, parameter, components
        )
    body = cast(Schema | None, operation.get("requestBody"))
    media = cast(dict[str, Schema], body["content"])[_JSON] if body else {}
    return Route(
        method=method,
        path=path,
        operation=cast(str, operation.get("operationId", "")),
        public=not security or {} in security,
        ways=frozenset(
            group for way in security for groups in way.values() for group in (groups or [""])
        ),
        parameters=dict(sorted(parameters.items())),
        body=_part(body, media, components) if body else None,
        reply=_reply(cast(dict[str, Schema], operation["responses"]), components),
        owner=numbers.get(str(operation.get("x-oort-owner")), "") if owners else None,
    )


def _part(parameter: Schema, media: Schema, components: dict[str, Schema]) -> Part:
    example = (media["example"],) if "example" in media else ()
    schema = cast(Schema, media.get("schema", {}))
    return Part(parameter.get("required") is True, standalone(schema, components), example)


def _reply(responses: dict[str, Schema], components: dict[str, Schema]) -> Reply:
    status = min((status for status in responses if status.startswith("2")), default="")
    success = responses.get(status, {})
    content = cast(dict[str, Schema], success.get("content", {}))
    schema = cast(Schema, content[_JSON].get("schema", {})) if _JSON in content else None
    if schema is not None and _OPTIONAL in cast(str, success.get("description", "")):
        schema = {"anyOf": [schema, {"type": "null"}]}
    return Reply(
        status, None if schema is None else standalone(schema, components), "*/*" in content
    )


def _text(part: Part | None, name: str) -> str:
    value = part.example[0] if part and part.example else name
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
