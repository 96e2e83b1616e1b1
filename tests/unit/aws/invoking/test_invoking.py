"""Functions answer what Lambda invokes them with: requests, batches and calls, with the runtime of the engine behind them."""

import base64
import json
from datetime import timedelta

import pytest

from oort.model.errors import InvalidUse, Unavailable
from oort.model.messages import Delivery, Fault, Message, Reason
from oort.model.operations import Lease
from oort.rules.cloud.deployed import Metrics
from oort.rules.messaging import envelopes
from tests.unit.aws.lambdas import Lambda

CLAIMS = {"sub": "ada", "token_use": "access", "cognito:groups": "people,support"}


@pytest.fixture
def cloud() -> Lambda:
    return Lambda()


def by(claims: object) -> dict[str, object]:
    return {"authorizer": {"claims": claims}}


def headers(reply: dict[str, object]) -> dict[str, list[str]]:
    found = reply["multiValueHeaders"]
    assert isinstance(found, dict)
    return found


def test_a_request_is_answered_and_its_writes_are_there(cloud: Lambda) -> None:
    reply = cloud.request("shop.place", "POST", "/shop/orders", body='{"cents":5}')
    assert reply["statusCode"] == 201
    order = json.loads(str(reply["body"]))
    assert order["cents"] == 5
    assert cloud.ports.tables.get("shop.orders", (order["id"],)) == {"id": order["id"], "cents": 5}
    assert cloud.outgoing() == 1
    assert headers(reply)["content-type"] == ["application/json"]
    assert headers(reply)["x-content-type-options"] == ["nosniff"]
    assert len(headers(reply)["trace-id"][0]) == 32


@pytest.mark.parametrize("cents", [5, 0])
def test_every_reply_tells_browsers_to_use_tls_alone(cloud: Lambda, cents: int) -> None:
    reply = cloud.request("shop.place", "POST", "/shop/orders", body=json.dumps({"cents": cents}))
    assert headers(reply)["strict-transport-security"] == ["max-age=63072000"]


def test_what_does_not_fit_never_reaches_the_handler(cloud: Lambda) -> None:
    reply = cloud.request("shop.place", "POST", "/shop/orders", body='{"cents":0}')
    assert reply["statusCode"] == 400
    assert "/cents" in str(reply["body"])
    assert headers(reply)["content-type"] == ["application/problem+json"]
    assert headers(reply)["cache-control"] == ["no-store"]
    for body, encoded in (("bm90IGpzb24=", True), ("%%", True), ("", False), (None, False)):
        event = {"body": body, "isBase64Encoded": encoded}
        assert cloud.request("shop.place", "POST", "/shop/orders", **event)["statusCode"] == 400


def test_an_event_that_does_not_fit_its_class_never_leaves_and_its_block_writes_nothing(
    cloud: Lambda,
) -> None:
    assert cloud.request("shop.wrong", "POST", "/shop/wrong")["statusCode"] == 500
    assert cloud.outgoing() == 0
    assert cloud.ports.tables.get("shop.orders", ("wrong",)) is None
    assert "InvalidEvent" in str(cloud.lines()[-1]["traceback"])
    assert "/id: Expected `str`, got `int`" in str(cloud.lines()[-1]["traceback"])


def test_a_body_in_base64_is_read(cloud: Lambda) -> None:
    body = base64.b64encode(b'{"cents":7}').decode()
    assert (
        cloud.request("shop.place", "POST", "/o", body=body, isBase64Encoded=True)["statusCode"]
        == 201
    )


def test_query_path_and_headers_arrive_as_they_were_sent(cloud: Lambda) -> None:
    event = {"multiValueQueryStringParameters": {"term": ["a b"], "tag": ["x", "y"]}}
    assert cloud.request("shop.search", "GET", "/shop/search", **event)["body"] == '["a b","x","y"]'
    alone = {"queryStringParameters": {"term": "a", "tag": "x"}}
    assert cloud.request("shop.search", "GET", "/shop/search", **alone)["body"] == '["a","x"]'
    assert cloud.request("shop.search", "GET", "/shop/search")["statusCode"] == 400


def test_a_private_route_knows_its_caller_by_the_claims(cloud: Lambda) -> None:
    cloud.deliver("shop.work", Message(id="1", name="shop.work", body=b'{"id":"ada l","cents":1}'))
    mine = {"sub": "ada l", "token_use": "access"}
    path = {"pathParameters": {"id": "ada%20l"}}
    read = cloud.request(
        "shop.read", "GET", "/shop/orders/ada%20l", requestContext=by(mine), **path
    )
    assert json.loads(str(read["body"])) == {"id": "ada l", "cents": 1}
    assert headers(read)["cache-control"] == ["no-store"]
    support = cloud.request("shop.read", "GET", "/x", requestContext=by(CLAIMS), **path)
    assert support["statusCode"] == 200
    other = cloud.request(
        "shop.read", "GET", "/x", requestContext=by({**mine, "sub": "eve"}), **path
    )
    assert other["statusCode"] == 403


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"authorizer": None},
        {"authorizer": {}},
        by({"sub": ""}),
        by({**CLAIMS, "token_use": "id"}),
    ],
)
def test_a_private_route_without_an_access_token_is_closed(
    cloud: Lambda, context: dict[str, object]
) -> None:
    reply = cloud.request(
        "shop.read", "GET", "/x", requestContext=context, pathParameters={"id": "ada"}
    )
    assert reply["statusCode"] == 401


def test_a_path_that_is_no_text_is_a_bad_request(cloud: Lambda) -> None:
    reply = cloud.request(
        "shop.read", "GET", "/x", requestContext=by(CLAIMS), pathParameters={"id": "%ff"}
    )
    assert reply["statusCode"] == 400


def test_a_handler_that_fails_shows_nothing_and_logs_everything(cloud: Lambda) -> None:
    reply = cloud.request("shop.fail", "GET", "/shop/fail")
    assert reply["statusCode"] == 500
    assert "secrets" not in str(reply["body"])
    (line,) = cloud.lines()
    assert line["level"] == "ERROR"
    assert "the database of secrets" in str(line["traceback"])
    assert line["trace"] == headers(reply)["trace-id"][0]
    assert line["Errors"] == 1
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["platform", "stage", "service"]]  # type: ignore[index]


def test_a_trace_goes_on_from_the_header_or_from_lambdas_own(
    cloud: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    reply = cloud.request(
        "shop.search", "GET", "/s", headers={"TraceParent": f"00-{trace}-{span}-01"}
    )
    assert headers(reply)["trace-id"] == [trace]
    assert cloud.traces.spans[-1].parent == span
    monkeypatch.setenv(
        "_X_AMZN_TRACE_ID", f"Root=1-{trace[:8]}-{trace[8:]};Parent={span};Sampled=1"
    )
    assert headers(cloud.request("shop.search", "GET", "/s"))["trace-id"] == [trace]
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=none")
    assert headers(cloud.request("shop.search", "GET", "/s"))["trace-id"] != [trace]


def test_pages_of_allowed_origins_are_told_so(cloud: Lambda) -> None:
    reply = cloud.request(
        "shop.fail", "GET", "/x", multiValueHeaders={"Origin": ["https://shop.example"]}
    )
    assert headers(reply)["access-control-allow-origin"] == ["https://shop.example"]


def test_a_batch_fails_in_part_and_what_failed_comes_back_at_its_own_time(cloud: Lambda) -> None:
    good = Message(
        id="1",
        name="shop.work",
        body=b'{"id":"a","cents":1}',
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )
    bad = Message(id="2", name="shop.work", body=b'{"id":"b","cents":-1}')
    assert cloud.deliver("shop.work", good, bad) == ["m1"]
    assert cloud.ports.tables.get("shop.orders", ("a",)) is not None
    delivered = [line for line in cloud.lines() if line["message"] == "delivered"]
    assert [line["trace"] for line in delivered] == ["a" * 32]
    failed = [line for line in cloud.lines() if "attempt 1 of 2" in str(line["message"])]
    assert len(failed) == 1
    assert "ValueError: negative" in str(failed[0]["message"])
    last = cloud.lines()[-1]
    assert (last["batch"], last["Errors"], Metrics.NEWLY_PARKED in last) == (2, 1, False)


def test_what_cannot_be_read_is_parked_as_it_came_and_rings_once(cloud: Lambda) -> None:
    cloud.deliveries = parking = RememberedParking()
    picture = '{"specversion":"1.0","id":"1","source":"/a","type":"shop.work","time":"2026-01-01T00:00:00Z","datacontenttype":"image/png","data_base64":"AAEC"}'
    newer = [
        Message(id=str(number), name="shop.ordered", body=b'{"id":"a"}', version=number)
        for number in (7, 8, 7)
    ]
    assert cloud.deliver("shop.work", "garbage", picture, headers={"by": "somebody"}) == []
    assert cloud.deliver("shop.ordered", *newer) == []
    kept = [(queue, delivery.raw, fault.reason) for queue, delivery, fault in parking.kept]
    assert kept == [
        ("shop.work", "garbage", Reason.MALFORMED),
        ("shop.work", picture, Reason.CONTENT_TYPE),
        *(("shop.ordered", envelopes.wrapped(one), Reason.UNKNOWN_VERSION) for one in newer),
    ]
    assert [delivery.headers for _, delivery, _ in parking.kept[:3]] == [
        (("by", "somebody"),)
    ] * 2 + [()]
    told = [
        (line["level"], line["event"], line["version"], line["reason"])
        for line in cloud.lines()
        if "reason" in line
    ]
    assert told == [
        ("ERROR", "shop.work", 1, "malformed"),
        ("INFO", "shop.work", 1, "content-type"),
        ("ERROR", "shop.ordered", 7, "unknown-version"),
        ("ERROR", "shop.ordered", 8, "unknown-version"),
        ("INFO", "shop.ordered", 7, "unknown-version"),
    ]
    last = cloud.lines()[-1]
    assert (last[Metrics.NEWLY_PARKED], last["Errors"]) == (2, 0)
    assert {"Name": Metrics.NEWLY_PARKED, "Unit": "Count"} in last["_aws"]["CloudWatchMetrics"][0][  # type: ignore[index]
        "Metrics"
    ]


def test_what_cannot_be_parked_stays_on_its_queue(cloud: Lambda) -> None:
    cloud.deliveries = RememberedParking(Unavailable("SQS throttles.", "Try again."))
    assert cloud.deliver("shop.work", "garbage") == ["m0"]
    assert "could not be parked: SQS throttles." in str(cloud.lines()[0]["message"])


@pytest.mark.parametrize("error", [Unavailable("SQS throttles."), RuntimeError("a new error")])
def test_an_error_after_the_handler_concerns_its_own_message(
    cloud: Lambda, error: Exception
) -> None:
    cloud.deliveries = RememberedParking(error)
    good = Message(id="1", name="shop.work", body=b'{"id":"a","cents":1}')
    bad = Message(id="2", name="shop.work", body=b'{"id":"b","cents":-1}')
    assert cloud.deliver("shop.work", "garbage", good, bad) == ["m0", "m2"]
    assert cloud.ports.tables.get("shop.orders", ("a",)) is not None


def test_a_closed_output_costs_no_message(cloud: Lambda, capfd: pytest.CaptureFixture[str]) -> None:
    cloud.output.close()
    good = Message(id="1", name="shop.work", body=b'{"id":"a","cents":1}')
    assert cloud.deliver("shop.work", good) == []
    assert '"message":"delivered"' in capfd.readouterr().err


def test_an_event_that_nobody_expects_is_a_500_with_a_traceback(cloud: Lambda) -> None:
    reply = cloud.request("shop.search", "GET", "/x", multiValueQueryStringParameters=[1])
    assert reply["statusCode"] == 500
    assert "AttributeError" in str(cloud.lines()[-1]["traceback"])


class RememberedParking:
    """Takes what is parked, or fails each time."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: list[tuple[str, Delivery, Fault]] = []
        self._error = error

    def keep(self, queue: str, delivery: Delivery, fault: Fault) -> None:
        if self._error is not None:
            raise self._error
        self.kept.append((queue, delivery, fault))

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:
        if self._error is not None:
            raise self._error
        raise AssertionError


def test_a_message_that_is_handed_over_twice_is_applied_once(cloud: Lambda) -> None:
    message = Message(id="1", name="shop.ordered", body=b'{"id":"a"}')
    assert (
        cloud.deliver("shop.ordered", message)
        == cloud.deliver("shop.ordered", message, attempt=2)
        == []
    )
    assert cloud.outgoing() == 1


def test_a_delivery_whose_effect_is_in_progress_comes_back_when_the_lease_has_ended(
    cloud: Lambda,
) -> None:
    order = Message(id="m1", name="shop.payments", body=b'{"id":"a","cents":5}')
    cloud.queues.send("shop.payments", order)
    other = Lease("shop.pay", "m1", "pay", "other")
    cloud.ports.effects.claim(other, length=timedelta(minutes=30))
    (delivery,) = cloud.ports.deliveries.receive("shop.payments", most=1)
    record = {
        "messageId": "m1",
        "receiptHandle": delivery.receipt,
        "body": envelopes.wrapped(order),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    assert cloud.invoke("shop.pay", {"Records": [record]}) == {
        "batchItemFailures": [{"itemIdentifier": "m1"}]
    }
    cloud.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    assert cloud.ports.deliveries.receive("shop.payments", most=1) == []
    cloud.clock.advance(timedelta(seconds=1))
    assert len(cloud.ports.deliveries.receive("shop.payments", most=1)) == 1
    assert cloud.deliver("shop.pay", order, attempt=2) == []
    assert cloud.ports.tables.get("shop.orders", ("a",)) == {"id": "a", "cents": 5}


def test_a_failed_message_waits_but_after_its_last_attempt_it_dies_at_once(cloud: Lambda) -> None:
    """SQS makes it a dead letter when it is visible again, so to wait would only show it late."""
    bad = Message(id="1", name="shop.work", body=b'{"id":"a","cents":-1}')
    assert cloud.deliver("shop.work", bad, attempt=1) == ["m0"]
    assert cloud.deliver("shop.work", bad, attempt=2) == ["m0"]
    first, last = cloud.waits
    assert first > timedelta(0)
    assert last == timedelta(0)


def test_a_call_goes_on_with_the_trace_of_its_caller(cloud: Lambda) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    cloud.request(
        "shop.priced", "GET", "/shop/priced", headers={"traceparent": f"00-{trace}-{span}-01"}
    )
    spans = {one.name: one for one in cloud.traces.spans}
    answer, asked = spans["shop.price"], spans["call shop.price"]
    assert (answer.trace, answer.parent) == (trace, asked.id)
    assert {line["trace"] for line in cloud.lines()} == {trace}


def test_a_call_is_answered_with_a_value_a_problem_or_an_error(cloud: Lambda) -> None:
    def asked(cents: int) -> dict[str, object]:
        event = {"oort": "call", "body": json.dumps({"id": "1", "cents": cents})}
        return json.loads(json.dumps(cloud.invoke("shop.price", event)))["result"]  # type: ignore[no-any-return]

    assert json.loads(base64.b64decode(str(asked(5)["body"]))) == {"id": "1", "cents": 10}
    assert (asked(-1)["status"], asked(-1)["kind"]) == (409, "Taken")
    assert asked(0)["status"] == 500
    reply = cloud.request("shop.priced", "GET", "/shop/priced")
    assert json.loads(str(reply["body"])) == {"id": "1", "cents": 10}


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"httpMethod": "GET"}])
def test_what_a_function_has_no_trigger_for_is_refused(
    cloud: Lambda, event: dict[str, object]
) -> None:
    with pytest.raises(InvalidUse, match="cannot read"):
        cloud.invoke("shop.price", event)


def test_spans_of_an_invocation_are_recorded(cloud: Lambda) -> None:
    cloud.request("shop.place", "POST", "/shop/orders", body='{"cents":5}')
    names = {span.name: span.kind for span in cloud.traces.spans}
    assert names == {
        "shop.place": "function",
        "commit put shop.orders, publish shop.ordered": "operation",
    }
