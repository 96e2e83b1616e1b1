"""The OpenAPI 3.1 document of a program: routes, parameters, bodies, replies and problems.

The command line prints and serves it. It is derived from the signatures that the runtime fills, so
it always agrees with them. The same program gives the same bytes. This module opens no file and
knows no target.
"""

import hashlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import NoneType
from typing import Any, TypeAlias, cast, get_args, get_origin

import msgspec

from oort.app.declaring.parameters import PrincipalParameter, ValueParameter
from oort.app.documents import openapi_problems
from oort.app.documents.openapi_problems import SCHEMAS, TRACE, Node
from oort.app.handles.actions import Reply
from oort.app.programs import Function, Program
from oort.model.errors import InvalidProgram, InvalidValue, Mistake
from oort.model.functions import Http
from oort.model.items import Value
from oort.model.opens import is_open_enum
from oort.rules.schemas import schemas
from oort.rules.schemas.schema_keywords import Schema
from oort.rules.schemas.schemas import Schemas
from oort.rules.types import examples

# OpenAPI never describes these headers as parameters.
_IGNORED = frozenset({"accept", "authorization", "content-type"})
_METHODS = ("get", "put", "post", "delete", "patch")
_NOTHING: tuple[object, ...] = (None, NoneType)
_UNKNOWN: tuple[object, ...] = (Any, Reply, inspect.Signature.empty)

_Kinds: TypeAlias = list[tuple[Function, object]]


def document(program: Program, *, server: str = "/") -> Node:
    """Return the document.

    Raises InvalidProgram, with file and line, for a type without a JSON Schema.

    >>> from oort.app.loading.loader import load
    >>> from oort.app.declaring.services import Service
    >>> hello = Service("hello")
    >>> @hello.get("/{name}", public=True)
    ... def greet(name: str) -> str:
    ...     return f"Hello {name}"
    >>> list(document(load([hello]))["paths"])
    ['/hello/{name}']
    """
    routes = [
        _Route(function, function.model.trigger)
        for function in _functions(program)
        if isinstance(function.model.trigger, Http)
    ]
    schemas_of_routes = _schemas(routes)
    paths: dict[str, dict[str, Node]] = {}
    for route, (parameters, answer) in zip(
        routes, _by_route(routes, schemas_of_routes), strict=True
    ):
        paths.setdefault(route.trigger.path, {})[route.trigger.method.lower()] = _operation(
            route, parameters, answer
        )
    written: Node = {
        "servers": [{"url": server}],
        "tags": [
            {"name": name} for name in sorted({route.function.model.service for route in routes})
        ],
        "paths": {path: _by_method(paths[path]) for path in sorted(paths)},
        "components": _components(schemas_of_routes),
    }
    version = hashlib.sha256(msgspec.json.encode(written)).hexdigest()[:12]
    return {
        "openapi": "3.1.0",
        "info": {"title": program.model.name, "version": version},
        "x-oort-contract": 2,  # since 2, operations tell their owner
        **written,
    }


def encoded(program: Program, *, server: str = "/") -> bytes:
    """Return the document as indented JSON; the same program gives the same bytes.

    Raises InvalidProgram as `document` does.
    """
    return (
        msgspec.json.format(msgspec.json.encode(document(program, server=server)), indent=2) + b"\n"
    )


@dataclass(frozen=True, slots=True)
class _Route:
    function: Function
    trigger: Http

    @property
    def values(self) -> list[ValueParameter]:
        """Return the parts of the request that the document describes."""
        every = [
            value
            for value in self.function.signature.parameters
            if isinstance(value, ValueParameter)
        ]
        return [value for value in every if value.place != "header" or value.wire not in _IGNORED]

    @property
    def answers(self) -> object | None:
        """Return the type of a successful reply's body; None without a body."""
        returns = self.function.signature.returns
        inner = (
            get_args(returns)[0] if get_origin(returns) is Reply and get_args(returns) else returns
        )
        return None if inner in _NOTHING else inner

    @property
    def described(self) -> bool:
        """Return True if a successful reply has a body with a known type."""
        return self.answers is not None and self.answers not in _UNKNOWN


def _functions(program: Program) -> Iterator[Function]:
    return (program.functions[model.name] for model in program.model.functions)


def _schemas(routes: list[_Route]) -> Schemas:
    accepted: _Kinds = [(route.function, value.kind) for route in routes for value in route.values]
    answered: _Kinds = [(route.function, route.answers) for route in routes if route.described]
    try:
        return schemas.described(
            accepted=[kind for _, kind in accepted],
            answered=[kind for _, kind in answered],
            refs=SCHEMAS,
        )
    except InvalidValue:
        raise InvalidProgram(list(_mistakes(accepted, answered))) from None


def _mistakes(accepted: _Kinds, answered: _Kinds) -> Iterator[Mistake]:
    """Yield the functions whose types cannot be described."""
    for kinds, closed in ((accepted, True), (answered, False)):
        for function, kind in kinds:
            try:
                schemas.schema(kind, closed=closed)
            except InvalidValue as error:
                what = f"{function.model.name}: {error.what}"
                yield Mistake(function.model.source, "openapi.type", what, error.instead)


def _by_route(
    routes: list[_Route], described: Schemas
) -> Iterator[tuple[dict[str, Schema], Schema | None]]:
    """Yield for each route the schemas of its values, by parameter, and the schema of its reply."""
    accepted, answered = iter(described.accepted), iter(described.answered)
    for route in routes:
        yield (
            {value.name: next(accepted) for value in route.values},
            (next(answered) if route.described else None),
        )


def _by_method(operations: Mapping[str, Node]) -> Node:
    return {method: operations[method] for method in _METHODS if method in operations}


def _named(function: str) -> str:
    """Return a summary for a handler without a docstring: `Sign up`, of `accounts.sign_up`."""
    return function.partition(".")[2].replace("_", " ").capitalize()


def _operation(route: _Route, parameters: Mapping[str, Schema], answer: Schema | None) -> Node:
    function, trigger = route.function, route.trigger
    summary, _, description = inspect.cleandoc(function.call.__doc__ or "").partition("\n")
    written: Node = {"tags": [function.model.service], "operationId": function.model.name}
    written |= {
        name: text
        for name, text in (
            ("summary", summary or _named(function.model.name)),
            ("description", description.strip()),
        )
        if text
    }
    described = [
        _parameter(route, value, parameters[value.name])
        for value in route.values
        if value.place != "body"
    ]
    if described:
        written["parameters"] = described
    for value in route.values:
        if value.place == "body":
            written["requestBody"] = _body(value, parameters[value.name])
    body = "requestBody" in written
    restricted = bool(trigger.groups or trigger.owner)
    problems = openapi_problems.responses(function.raises, restricted=restricted, body=body)
    written["responses"] = {str(trigger.status): _success(route, answer), **problems}
    written["security"] = _security(route)
    if trigger.owner and not trigger.public:
        written["x-oort-owner"] = trigger.owner  # the path parameter with the id of the only caller
    return written


def _parameter(route: _Route, value: ValueParameter, schema: Schema) -> Node:
    schema = _present(schema)
    if value.place == "path" and (schema.get("type") == "string" or is_open_enum(value.kind)):
        schema = {"minLength": 1, **schema}  # an empty segment matches no route
    default = inspect.signature(route.function.call).parameters[value.name].default
    if not value.required and default is not None:
        schema = {**schema, "default": cast(Value, msgspec.to_builtins(default))}
    written: Node = {
        "name": value.wire,
        "in": value.place,
        "required": value.required,
        "schema": schema,
    }
    if isinstance(schema.get("description"), str):
        written["description"] = schema["description"]
    example = _example(value.kind) if value.required else None
    return written if example is None else {**written, "example": example}


def _present(schema: Schema) -> Schema:
    """Return the schema of a parameter that is present.

    `X | None` allows leaving the parameter out; it does not allow null.
    """
    arms = schema.get("anyOf")
    if not isinstance(arms, list):
        return schema
    non_null = [arm for arm in arms if arm != {"type": "null"}]
    keywords = {name: value for name, value in schema.items() if name != "anyOf"}
    only = non_null[0]
    return (
        {**only, **keywords}
        if len(non_null) == 1 and isinstance(only, dict)
        else {**keywords, "anyOf": non_null}
    )


def _body(value: ValueParameter, schema: Schema) -> Node:
    media: Node = {"schema": schema}
    example = _example(value.kind)
    if example is not None:
        media["example"] = example
    return {"required": value.required, "content": {"application/json": media}}


def _example(kind: object) -> Value:
    """Return an example, or None if the type needs an example of the user."""
    try:
        return examples.example(kind)
    except InvalidValue:
        return None


def _success(route: _Route, answer: Schema | None) -> Node:
    written: Node = {"description": HTTPStatus(route.trigger.status).phrase, "headers": TRACE}
    if answer is not None:
        written["content"] = {"application/json": {"schema": answer}}
    elif route.answers is not None:
        written["content"] = {"*/*": {}}
    return written


def _security(route: _Route) -> list[Value]:
    """Return the ways to authorize a request, one for each group of a private route.

    Any token may be the owner's, so an owner adds no scope. A public route needs no authorization.
    """
    principals = [
        parameter
        for parameter in route.function.signature.parameters
        if isinstance(parameter, PrincipalParameter)
    ]
    if route.trigger.public:
        return [{}, *_credentials([])] if principals else []
    groups = () if route.trigger.owner else sorted(route.trigger.groups)
    return [each for group in groups for each in _credentials([group])] or _credentials([])


def _credentials(groups: list[str]) -> list[Value]:
    """Return a user's token and a machine's API key with these groups."""
    return [{scheme: list[Value](groups)} for scheme in ("bearer", "api-key")]


def _components(described: Schemas) -> Node:
    shared = openapi_problems.components()
    clash = sorted(described.components.keys() & shared["schemas"].keys())
    assert not clash, clash  # reserved names hold a dot, which a class has only with its module
    return {
        "schemas": {**described.components, **shared["schemas"]},
        "responses": shared["responses"],
        "headers": shared["headers"],
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of the platform's issuer; on one machine `oort token` prints one.",
            },
            "api-key": {
                "type": "apiKey",
                "in": "header",
                "name": "x-api-key",
                "description": "The key of a machine; `oort api-keys create` makes one.",
            },
        },
    }
