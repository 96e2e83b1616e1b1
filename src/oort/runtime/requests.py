"""Reads a handler's arguments from a request: body, path, query and headers, everything that is wrong at once."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from oort.app.declaring.parameters import ValueParameter
from oort.app.programs import Function
from oort.model.invocations import HttpInvocation
from oort.model.items import Value
from oort.model.problems import Json, Problem
from oort.rules.types import models

if TYPE_CHECKING:
    from oort.rules.types.validation import Validator, Violation

_SCALAR = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[Tt]rue|[Ff]alse|TRUE|FALSE"
)


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
    decoder: msgspec.json.Decoder[object]


class RequestReader:
    """Knows the request parameters of one function; compiled once an environment."""

    def __init__(self, function: Function) -> None:
        values = [one for one in function.signature.parameters if isinstance(one, ValueParameter)]
        self._body = next((_compile(one) for one in values if one.place == "body"), None)
        self._others = [one for one in values if one.place != "body"]

    def read(self, invocation: HttpInvocation) -> dict[str, object]:
        """The arguments. Raises InvalidRequest listing every violation, or UnsupportedMediaType."""
        errors: list[Json] = []
        arguments: dict[str, object] = {}
        for parameter in self._others:
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
        found = _texts(parameter, invocation)
        place: dict[str, Json] = {"in": parameter.place, "name": parameter.wire}
        if not found:
            if parameter.required:
                errors.append({**place, "detail": "This parameter is required"})
            return
        if len(found) > 1 and not parameter.many:
            errors.append({**place, "detail": "This parameter is given more than once"})
            return
        text: Value = list(found) if parameter.many else found[0]
        try:
            arguments[parameter.name] = _convert(text, parameter.kind)
        except msgspec.ValidationError as error:
            errors.append({**place, "detail": str(error)})

    def _read_body(
        self,
        body: _Compiled,
        invocation: HttpInvocation,
        arguments: dict[str, object],
        errors: list[Json],
    ) -> None:
        if not invocation.body and not body.parameter.required:
            return
        _check_media_type(invocation)
        errors += [
            _body_error(violation) for violation in _accept(body, invocation.body, arguments)
        ]


def _accept(body: _Compiled, data: bytes, arguments: dict[str, object]) -> "list[Violation]":
    """Everything that is wrong with the body; nothing, and then the argument is there."""
    from oort.rules.types import validation  # for routes with a body only
    from oort.rules.types.validation import Violation

    if not data:
        return [Violation("", "A JSON body is required")]
    try:
        raw: Value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [Violation("", str(error))]
    except RecursionError:
        return [Violation("", "Nested too deeply")]
    try:  # from the text, not from `raw`: a Decimal keeps its digits
        arguments[body.parameter.name] = body.decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        return validation.violations(body.validator, raw) or [Violation("", str(error))]
    return validation.stray(body.validator, raw)


def _check_media_type(invocation: HttpInvocation) -> None:
    given = (
        invocation.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    )
    if given != "application/json" and not (
        given.startswith("application/") and given.endswith("+json")
    ):
        raise UnsupportedMediaType(
            f"The body is {given}; send application/json (curl: -H 'content-type: application/json')."
        )


def _compile(parameter: ValueParameter) -> _Compiled:
    from oort.rules.types import validation

    return _Compiled(
        parameter,
        validation.compiled(parameter.kind),
        msgspec.json.Decoder(parameter.kind, dec_hook=models.load),
    )


def _body_error(violation: "Violation") -> dict[str, Json]:
    return {"in": "body", "pointer": violation.pointer, "detail": violation.detail}


def _texts(parameter: ValueParameter, invocation: HttpInvocation) -> tuple[str, ...]:
    if parameter.place == "query":
        return tuple(value for name, value in invocation.query if name == parameter.wire)
    source = invocation.path if parameter.place == "path" else invocation.headers
    if parameter.wire not in source:
        return ()
    text = source[
        parameter.wire
    ]  # a header given twice has arrived as one, joined by a comma (RFC 9110)
    return tuple(one.strip() for one in text.split(",")) if parameter.many else (text,)


def _convert(text: Value, kind: object) -> object:
    """Text as its type; as it stands first, so that the text "5" stays text where text is allowed, then as a number or boolean.

    msgspec's own lax mode would also take 0 for a time, "null" for None and "nan" for a number, which no document allows.
    """
    try:
        found = msgspec.convert(text, type=kind)
    except msgspec.ValidationError:
        read = [_scalar(one) for one in text] if isinstance(text, list) else _scalar(text)
        found = msgspec.convert(read, type=kind)
    listed = found if isinstance(found, list | tuple | set | frozenset) else (found,)
    if any(isinstance(one, Decimal) and not one.is_finite() for one in listed):
        raise msgspec.ValidationError("Expected a finite number")
    return found


def _scalar(text: Value) -> Value:
    """What the text says as JSON: a number, true or false; the text itself otherwise."""
    if not isinstance(text, str) or not _SCALAR.fullmatch(text):
        return text
    try:
        value: Value = msgspec.json.decode(text.lower())
    except msgspec.DecodeError:  # more digits than a number may have
        return text
    return value
