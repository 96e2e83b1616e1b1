"""What handlers return and raise, as replies: bodies, statuses, headers and problems that show no internals."""

from typing import Any

import msgspec
import pytest

from oort import Conflict, Json, Problem, Reply, Service
from oort.model.errors import InvalidUse, InvalidValue, LimitExceeded, NotGranted
from oort.model.invocations import HttpOutcome
from tests.unit.runtime.kit import TRACE, Running, document

SECRET = "password=hunter2"


def answering(
    result: object, *, status: int = 200, through: tuple[type[BaseException], ...] = ()
) -> HttpOutcome:
    """The reply of a handler that returns the object, or raises it."""
    service = Service("answers")

    @service.post("/", public=True, status=status)
    def answer() -> Any:
        if isinstance(result, BaseException):
            raise result
        return result

    return Running(service, through=through).request()


def failed(outcome: HttpOutcome) -> None:
    """It is a 500 that says nothing but the trace."""
    assert (outcome.status, outcome.entered) == (500, True), outcome
    assert document(outcome) == {
        "type": "urn:problem:internal-error",
        "title": "Something went wrong here.",
        "status": 500,
        "detail": "The error was logged; quote the trace when you report it.",
        "trace": TRACE,
    }


@pytest.mark.parametrize(
    ("result", "body"),
    [("a", b'"a"'), ([], b"[]"), (0, b"0"), ({"a": 1}, b'{"a":1}'), (10**30, b"1" + b"0" * 30)],
)
def test_a_value_is_json(result: object, body: bytes) -> None:
    outcome = answering(result, status=201)
    assert (outcome.status, outcome.body, outcome.headers) == (
        201,
        body,
        (("content-type", "application/json"),),
    )


@pytest.mark.parametrize("result", [None, Reply(None)])
def test_none_has_no_body_and_no_type(result: object) -> None:
    outcome = answering(result, status=204)
    assert (outcome.status, outcome.body, outcome.headers, outcome.entered) == (204, b"", (), True)


def test_a_reply_has_a_status_and_headers_of_its_own() -> None:
    outcome = answering(
        Reply([1], status=202, headers={"X-Tag": "a b", "location": "/é"}), status=201
    )
    assert (outcome.status, outcome.body) == (202, b"[1]")
    assert outcome.headers == (
        ("content-type", "application/json"),
        ("x-tag", "a b"),
        ("location", "/é"),
    )
    assert answering(Reply([1]), status=201).status == 201


def test_a_content_type_of_the_handlers_own_takes_the_place_of_ours() -> None:
    outcome = answering(Reply([1], headers={"Content-Type": "application/vnd.shop+json"}))
    assert outcome.headers == (("content-type", "application/vnd.shop+json"),)


@pytest.mark.parametrize(
    "headers",
    [
        {"x": "a\r\nset-cookie: b=1"},
        {"x": "a\nb"},
        {"x": "a\0b"},
        {"x\r\ny": "a"},
        {"x y": "a"},
        {"x:": "a"},
        {"": "a"},
        {"ø": "a"},
        {"x": "日本"},
        {"Content-Length": "5"},
        {"transfer-encoding": "chunked"},
        {"Connection": "close"},
    ],
)
def test_a_header_that_would_break_the_reply_is_a_failure_of_the_handler(
    headers: dict[str, str],
) -> None:
    outcome = answering(Reply("x", headers=headers))
    failed(outcome)
    assert "The header " in outcome.error


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, 99_999])
def test_a_status_that_is_none_is_a_failure_of_the_handler(status: int) -> None:
    failed(answering(Reply("x", status=status)))


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_body_under_a_status_that_has_none_is_not_lost_in_silence(status: int) -> None:
    outcome = answering(Reply("x", status=status))
    failed(outcome)
    assert "204, 205 and 304 have no body" in outcome.error


def test_what_is_no_json_is_a_failure_of_the_handler() -> None:
    failed(answering(object()))


def test_a_reply_that_is_too_large_is_no_fault_of_the_client() -> None:
    outcome = answering("x" * (6 * 1024 * 1024))
    failed(outcome)
    assert "6,291,458 bytes" in outcome.error
    assert answering("x" * (6 * 1024 * 1024 - 2)).status == 200


class Brew(Problem):
    """Tea only.

    More for the reader of the code.
    """

    status = 418


def test_a_problem_speaks_for_itself_with_its_members() -> None:
    outcome = answering(Brew("No coffee.", pots=2, status=1, type="x"))
    assert outcome.headers == (("content-type", "application/problem+json"),)
    assert (outcome.status, outcome.error) == (418, "")
    assert document(outcome) == {
        "pots": 2,
        "status": 418,
        "type": "urn:problem:brew",
        "title": "Tea only.",
        "detail": "No coffee.",
    }


def test_a_problem_is_no_error_in_the_trace_and_a_failure_is() -> None:
    assert [span.error for span in answering(Conflict("taken")).spans] == [""]
    assert [span.error for span in answering(ValueError(f"{SECRET}\nmore")).spans] == [
        f"ValueError: {SECRET} more"
    ]


class Odd(Problem):
    """Has no status that a problem can have."""

    status = 200


class Broken(Problem):
    """Fails to describe itself."""

    def document(self) -> dict[str, Json]:
        raise KeyError(SECRET)


@pytest.mark.parametrize("problem", [Conflict("x", thing=object()), Odd("x"), Broken("x")])  # type: ignore[arg-type]
def test_a_problem_that_cannot_be_told_is_a_failure(problem: Problem) -> None:
    failed(answering(problem))


class Mute(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        KeyError(SECRET),
        Mute(),
        SystemExit(SECRET),
        RecursionError(SECRET),
        MemoryError(),
        StopIteration(SECRET),
        NotGranted(SECRET),
        InvalidUse(SECRET),
        msgspec.ValidationError(SECRET),
        ExceptionGroup("several", [ValueError(SECRET), ValueError("b")]),
    ],
)
def test_whatever_a_handler_raises_is_a_500_without_internals_and_the_log_has_it_all(
    error: BaseException,
) -> None:
    outcome = answering(error)
    failed(outcome)
    assert SECRET.encode() not in outcome.body
    assert type(error).__name__ in outcome.error
    assert outcome.spans[-1].error.startswith(type(error).__name__)
    assert "\n" not in outcome.spans[-1].error


def test_an_exception_of_the_test_runner_ends_the_test_and_not_only_the_request() -> None:
    with pytest.raises(KeyboardInterrupt):
        answering(KeyboardInterrupt(), through=(KeyboardInterrupt,))


def test_every_exception_of_a_handler_is_a_500() -> None:
    for error in (KeyboardInterrupt(), GeneratorExit(), BaseExceptionGroup("x", [SystemExit()])):
        assert answering(error).status == 500


@pytest.mark.parametrize(
    "error", [InvalidValue("A key is empty."), LimitExceeded("An item is too large.")]
)
def test_a_value_that_cannot_be_stored_is_an_error_of_the_handler(
    error: InvalidValue | LimitExceeded,
) -> None:
    outcome = answering(error)
    failed(outcome)
    assert error.what in outcome.error
    assert error.what.encode() not in outcome.body


def test_a_traceback_of_megabytes_is_kept_short() -> None:
    outcome = answering(RuntimeError("x" * 5_000_000))
    assert len(outcome.error) == 20_000
    assert len(outcome.spans[0].error) == 500
