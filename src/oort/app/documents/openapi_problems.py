"""Problems in the OpenAPI document: the gateway's own problems, and the problems of a route.

Only `openapi` calls this module.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from oort.model.problems import Problem

Node: TypeAlias = dict[str, Any]  # JSON, only written here

SCHEMAS = "#/components/schemas/"
TRACE: Node = {"trace-id": {"$ref": "#/components/headers/trace-id"}}
# With a dot, so that no class of a user has the same name.
_PROBLEM, _INVALID = "oort.Problem", "oort.InvalidRequest"
_TEXT: Node = {"type": "string"}

_GATEWAY = {
    400: ("invalid", "The request does not fit; errors lists every reason.", _INVALID),
    401: ("unauthorized", "There is no token, or it is not accepted.", _PROBLEM),
    403: (
        "forbidden",
        "The route is for its owner or for groups, and the caller is neither.",
        _PROBLEM,
    ),
    408: ("request-timeout", "The body came too slowly.", _PROBLEM),
    413: ("content-too-large", "The body is larger than 6 MB.", _PROBLEM),
    415: ("unsupported-media-type", "The body is not JSON.", _PROBLEM),
    429: (
        "too-many-requests",
        "The client calls this route too often; Retry-After says when to try again.",
        _PROBLEM,
    ),
    431: ("headers-too-large", "The headers are larger than 10 KB.", _PROBLEM),
    500: ("internal-error", "Something went wrong; quote trace when you report it.", _PROBLEM),
    503: (
        "service-unavailable",
        "Too many requests are under way; the handler was not entered.",
        _PROBLEM,
    ),
    504: ("gateway-timeout", "The function was not done in time.", _PROBLEM),
}


def responses(raises: Iterable[type[Problem]], *, restricted: bool, body: bool) -> Node:
    """Return the problems of an operation by status: from the gateway and from the handler.

    `restricted`: a token alone does not open the route.
    """
    of_body = (408, 413, 415) if body else ()
    of_few = (403,) if restricted else ()
    statuses = {400, 401, 429, 431, 500, 503, 504, *of_body, *of_few}
    declared: dict[int, list[type[Problem]]] = {}
    for problem in raises:
        declared.setdefault(problem.status, []).append(problem)
    return {
        str(status): _response(status, declared.get(status, []), gateway=status in statuses)
        for status in sorted({*statuses, *declared})
    }


def components() -> dict[str, Node]:
    """Return the components that the responses refer to."""
    return {
        "schemas": {
            _PROBLEM: _problem({}),
            _INVALID: _problem({"errors": {"type": "array", "items": _error()}}),
        },
        "responses": {
            name: _problem_response(text, schema=schema)
            for _, (name, text, schema) in sorted(_GATEWAY.items())
        },
        "headers": {
            "trace-id": {
                "description": "The trace that the request began: `oort trace ID`.",
                "schema": _TEXT,
            }
        },
    }


def _response(status: int, declared: Sequence[type[Problem]], *, gateway: bool) -> Node:
    gateway_problem = _GATEWAY.get(status) if gateway else None
    if not declared and gateway_problem is not None:
        return {"$ref": f"#/components/responses/{gateway_problem[0]}"}
    sentences = [problem.title() for problem in declared] + (
        [gateway_problem[1]] if gateway_problem else []
    )
    written = _problem_response(
        " ".join(_sentence(sentence) for sentence in sentences) or HTTPStatus(status).phrase,
        schema=(gateway_problem[2] if gateway_problem else _PROBLEM),
    )
    media = written["content"]["application/problem+json"]
    media["examples"] = {
        problem.urn().rpartition(":")[2]: {
            "value": {"type": problem.urn(), "title": problem.title(), "status": problem.status}
        }
        for problem in declared
    }
    return written


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _problem_response(description: str, *, schema: str) -> Node:
    return {
        "description": description,
        "headers": TRACE,
        "content": {"application/problem+json": {"schema": {"$ref": SCHEMAS + schema}}},
    }


def _problem(more: Node) -> Node:
    """Return the schema of RFC 9457. A problem may have members of its own."""
    return {
        "title": "Problem",
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
            "trace": _TEXT,
            **more,
        },
        "required": ["type", "title", "status"],
    }


def _error() -> Node:
    return {
        "type": "object",
        "properties": {
            "in": {"enum": ["body", "path", "query", "header"]},
            "name": {
                "type": "string",
                "description": "Of the parameter, if it is not the body.",
            },
            "pointer": {
                "type": "string",
                "format": "json-pointer",
                "description": "Where in the body; empty: all of it.",
            },
            "detail": _TEXT,
        },
        "required": ["in", "detail"],
    }
