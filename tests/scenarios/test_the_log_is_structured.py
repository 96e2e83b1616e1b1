"""P5: each line of the log is a JSON object with the trace it belongs to, with no code by the user."""

import io
import json
import logging
from datetime import timedelta

from oort.cli.printing.json_logs import JsonLog, JsonServiceLogs
from oort.cli.printing.logs import LineWriter
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import DeliveryReport, Failure
from oort.model.messages import Delivery, Fault, Message, Reason
from tests.unit.aws.lambdas import Lambda

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MESSAGE = Message(
    id="m1", name="shop.work", body=b"{}", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01", sent=1.0
)
REPORT = DeliveryReport(
    function="shop.work",
    delivery=Delivery(message=MESSAGE, receipt="r", attempt=2),
    failure=None,
    retry=None,
    attempts=5,
    duration=timedelta(milliseconds=3),
)


def written(report: object) -> list[dict[str, object]]:
    assert callable(report)
    stream = io.StringIO()
    writer = LineWriter(stream)
    report(JsonLog(writer))
    writer.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_has_its_status_function_and_trace() -> None:
    reply = HttpReply(201, (), b"", TRACE, "shop.place", "")
    request = HttpRequest("POST", "/shop/orders", query="secret=1")
    (line,) = written(lambda log: log.access(request, reply, timedelta(milliseconds=1.5)))
    assert {**line, "time": ""} == {
        "time": "", "level": "INFO", "message": "POST /shop/orders", "status": 201, "Duration": 1.5, "trace": TRACE,
        "service": "shop", "function": "shop.place",
    }  # fmt: skip


def test_a_request_that_fails_has_its_traceback_on_the_same_line() -> None:
    reply = HttpReply(500, (), b"", TRACE, "shop.place", "Traceback\n  ValueError")
    (line,) = written(lambda log: log.access(HttpRequest("GET", "/"), reply, timedelta(0)))
    assert (line["level"], line["traceback"]) == ("ERROR", "Traceback\n  ValueError")


def test_a_delivery_says_what_became_of_it() -> None:
    failure = Failure(receipt="r", error="OSError: smtp is down", traceback="Traceback")
    good, again, dead = written(
        lambda log: [
            log.delivery(REPORT),
            log.delivery(_replaced(failure=failure, retry=timedelta(seconds=1))),
            log.delivery(_replaced(failure=failure)),
        ]
    )
    assert (good["message"], good["trace"], good["message_id"], good["attempt"]) == (
        "delivered",
        TRACE,
        "m1",
        2,
    )
    assert again["message"] == "OSError: smtp is down (retry, attempt 2 of 5)"
    assert (again["level"], dead["level"]) == ("WARNING", "ERROR")
    assert dead["message"] == "OSError: smtp is down (dead letter, attempt 2 of 5)"
    assert dead["traceback"] == "Traceback"


def test_what_services_log_and_what_the_engine_says_have_the_same_form() -> None:
    def report(log: JsonLog) -> None:
        logger = logging.Logger("shop")  # noqa: LOG001  one that nobody else has
        logger.addHandler(JsonServiceLogs(log))
        logger.warning("only %d left", 3)
        try:
            raise KeyError("x")
        except KeyError as error:
            logger.exception("it failed")
            log.failed(error)
        log.say("Reloaded.")
        logger.warning("%d", "no number")  # cannot be formatted

    first, second, third, fourth, fifth = written(report)
    assert (first["logger"], first["level"], first["message"]) == ("shop", "WARNING", "only 3 left")
    assert "KeyError" in str(second["traceback"])
    assert "KeyError" in str(third["traceback"])
    assert (fourth["message"], fourth["logger"]) == ("Reloaded.", "oort")
    assert fifth["level"] == "ERROR"
    assert str(fifth["message"]).startswith("A record of the logger shop cannot be formatted")


def _replaced(**changes: object) -> DeliveryReport:
    from dataclasses import replace

    return replace(REPORT, **changes)  # type: ignore[arg-type]


OF_AWS_ONLY = {"platform", "stage", "_aws", "Errors", "batch"}


def test_the_lines_of_both_targets_have_the_same_fields() -> None:
    """A search that works on one target works on the other."""
    cloud = Lambda()
    cloud.request("shop.place", "POST", "/shop/orders", body='{"cents":5}')
    cloud.request("shop.wrong", "POST", "/shop/wrong")
    cloud.deliver("shop.work", Message(id="1", name="shop.work", body=b'{"id":"a","cents":5}'))
    cloud.deliver("shop.work", Message(id="2", name="shop.work", body=b'{"id":"a","cents":-1}'))
    cloud.deliver("shop.work", Message(id="3", name="shop.work", body=b"no JSON"))
    answered, broken, delivered, _, failed, _, parked, _ = cloud.lines()
    request, failure = HttpRequest("POST", "/"), Failure(receipt="r", error="E", traceback="T")
    fault = Fault(Reason.MALFORMED, "is not JSON")
    here = written(
        lambda log: [
            log.access(request, HttpReply(201, (), b"", TRACE, "shop.place"), timedelta(1)),
            log.access(request, HttpReply(500, (), b"", TRACE, "shop.place", "T"), timedelta(1)),
            log.delivery(REPORT),
            log.delivery(_replaced(failure=failure)),
            log.delivery(_replaced(parked=fault)),
        ]
    )
    for there, line in zip((answered, broken, delivered, failed, parked), here, strict=True):
        of_deliveries = {"Duration", "trace", "attempt"} if "message_id" in line else set[str]()
        assert there.keys() - OF_AWS_ONLY - of_deliveries == line.keys() - of_deliveries
