"""Read a handler's arguments from a request, and report all errors together.

Arguments come from the body, the path, the query and the headers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from oort.app.declaring.parameters import ValueParameter
from oort.app.handles import codecs
from oort.app.programs import Function
from oort.model.invocations import HttpInvocation
from oort.model.items import Value
from oort.model.problems import Json, Problem

if TYPE_CHECKING:
    from oort.rules.types.validation import Validator, Violation

_SCALAR = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[Tt]rue|[Ff]alse|TRUE|FALSE"
)
# The charset parameter of a content-type. RFC 8259 knows UTF-8 only; ASCII is a part of it.
_CHARSET = re.compile(r"""; *charset *= *["']?([^"'; ]*)""", re.IGNORECASE)
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


class InvalidRequest(Problem):
    """The request does not fit what the route declares."""

    status = 400


class UnsupportedMediaType(Problem):
    """The body is not JSON."""

    status = 415


@dataclass(frozen=True, slots=True)
class _Compiled:
    parameter: ValueParameter
    validator: "Validator"
    stray: "Callable[[Validator, Value], list[Violation]]"
    repeats_a_name: "Callable[[bytes, Value], bool]"


class RequestReader:
    """The reader of a function's request parameters, compiled once in each environment."""

    def __init__(self, function: Function) -> None:
        values = [
            value for value in function.signature.parameters if isinstance(value, ValueParameter)
        ]
        self._body = next((_compile(value) for value in values if value.place == "body"), None)
        self._text_values = [value for value in values if value.place != "body"]

    def read(self, invocation: HttpInvocation) -> dict[str, object]:
        """Return the arguments.

        Raises InvalidRequest with every violation, or UnsupportedMediaType.
        """
        errors: list[Json] = []
        arguments: dict[str, object] = {}
        for parameter in self._text_values:
            self._read_text(parameter, invocation, arguments, errors)
        if self._body is not None:
            self._read_body(self._body, invocation, arguments, errors)
        if errors:
            count = len(errors)
            raise InvalidRequest(
                f"{count} part{'s' * (count > 1)} of the request cannot be accepted.", errors=errors
            )
        return arguments

    def _read_text(
        self,
        parameter: ValueParameter,
        invocation: HttpInvocation,
        arguments: dict[str, object],
        errors: list[Json],
    ) -> None:
        texts = _texts(parameter, invocation)
        location: dict[str, Json] = {"in": parameter.place, "name": parameter.wire}
        if not texts:
            if parameter.required:
                errors.append({**location, "detail": "This parameter is required"})
            return
        if len(texts) > 1 and not parameter.many:
            errors.append({**location, "detail": "This parameter is given more than once"})
            return
        text: Value = list(texts) if parameter.many else texts[0]
        try:
            arguments[parameter.name] = _convert(text, parameter.kind)
        except msgspec.ValidationError as error:
            errors.append({**location, "detail": str(error)})

    def _read_body(
        self,
        body: _Compiled,
        invocation: HttpInvocation,
        arguments: dict[str, object],
        errors: list[Json],
    ) -> None:
        if not invocation.body and not body.parameter.required:
            return
        _check_media_type(invocation.headers, empty=not invocation.body)
        errors += [
            _body_error(violation) for violation in _accept(body, invocation.body, arguments)
        ]


def _accept(body: _Compiled, data: bytes, arguments: dict[str, object]) -> "list[Violation]":
    """Return the violations of the body; without any, set the argument."""
    if not data:
        return [_whole("A JSON body is required")]
    try:
        raw: Value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [_whole(str(error))]
    except RecursionError:
        return [_whole("Nested too deeply")]
    if body.repeats_a_name(data, raw):
        return [_whole(f"An object names {_named_twice(data)} twice")]
    try:  # from the text, not from `raw`: a Decimal keeps its digits
        arguments[body.parameter.name] = codecs.read(data, body.parameter.kind)
    except (msgspec.DecodeError, RecursionError) as error:
        return _violations(body, data, error)
    return body.stray(body.validator, raw)


def _violations(body: _Compiled, data: bytes, error: Exception) -> "list[Violation]":
    from oort.rules.types import validation, values

    raw = msgspec.json.decode(values.integers(data))
    return validation.violations(body.validator, raw) or [
        validation.from_msgspec(str(error), raw, "")
    ]


def _named_twice(data: bytes) -> str:
    from oort.rules.messaging import bodies

    return bodies.named(data)


def _whole(detail: str) -> "Violation":
    from oort.rules.types import validation

    return validation.Violation("", detail)


def _check_media_type(headers: Mapping[str, str], *, empty: bool) -> None:
    """Raise UnsupportedMediaType unless the headers say that the body is JSON in UTF-8.

    Without the header nothing is assumed: a page of any origin can send a body without a type, or
    as text, but must ask first for application/json (CORS). An empty body needs no type.
    """
    kind = headers.get("content-type", "")
    if kind == "application/json" and "content-encoding" not in headers:  # most requests
        return
    if not kind and empty:
        return
    if not _is_json(kind):
        sent = f"is {_media_type(kind)[:100]}" if kind else "has no content-type"
        raise UnsupportedMediaType(
            f"The body {sent}; send application/json (curl: -H 'content-type: application/json')."
        )
    charset = _CHARSET.search(kind)
    if charset is not None and charset[1].lower() not in _UTF_8:
        raise UnsupportedMediaType(f"The charset is {charset[1][:100]}; send JSON in UTF-8.")
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(
            f"The content-encoding is {coding[:100]}; send the body without one."
        )


def _media_type(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    media_type = _media_type(kind)
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def _compile(parameter: ValueParameter) -> _Compiled:
    from oort.rules.messaging import bodies  # for routes with a body only
    from oort.rules.types import validation

    return _Compiled(
        parameter,
        validation.compiled(parameter.kind),
        validation.stray,
        bodies.repeats_a_name,
    )


def _body_error(violation: "Violation") -> dict[str, Json]:
    return {"in": "body", "pointer": violation.pointer, "detail": violation.detail}


def _texts(parameter: ValueParameter, invocation: HttpInvocation) -> tuple[str, ...]:
    if parameter.place == "query":
        return tuple(value for name, value in invocation.query if name == parameter.wire)
    source = invocation.path if parameter.place == "path" else invocation.headers
    if parameter.wire not in source:
        return ()
    text = source[parameter.wire]  # a repeated header arrives joined by commas (RFC 9110)
    return tuple(part.strip() for part in text.split(",")) if parameter.many else (text,)


def _convert(text: Value, kind: object) -> object:
    """Return a text as its type: first as text, then as a number or boolean.

    So "5" stays text if the type allows text. msgspec's own lax mode would also accept 0 for a
    time, "null" for None and "nan" for a number, which no document allows.
    """
    try:
        return text if kind is str else codecs.converted(text, kind)
    except msgspec.ValidationError:
        read = [_scalar(value) for value in text] if isinstance(text, list) else _scalar(text)
        return codecs.converted(read, kind)


def _scalar(text: Value) -> Value:
    """Return a text that is a JSON number, true or false as this value; otherwise the text."""
    if not isinstance(text, str) or not _SCALAR.fullmatch(text):
        return text
    try:
        value: Value = msgspec.json.decode(text.lower())
    except msgspec.DecodeError:  # more digits than a number may have
        return text
    return value
