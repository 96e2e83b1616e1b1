"""P16, P5: one sign-up, one trace: the request, its function, every operation, and every consumer behind queue and topic."""

from oort.model.invocations import Span
from tests.scenarios.cometbid_kit import SIGN_UP, BrokenSender, MemorySender, platform


def ancestors(span: Span, spans: tuple[Span, ...]) -> list[str]:
    """The names from the span up to the root."""
    by_id = {one.id: one for one in spans}
    names = [span.name]
    while span.parent:
        span = by_id[span.parent]
        names.append(span.name)
    return names


def test_every_consumer_hangs_below_the_request() -> None:
    with platform(MemorySender(), redeliver=False) as running:
        reply = running.post("/accounts", SIGN_UP)
        running.settle()
        spans = running.spans(reply.trace)
        chains = {
            span.name: ancestors(span, spans)
            for span in spans
            if span.kind in ("function", "delivery")
        }
        request = ["accounts.sign_up", "POST /accounts"]
        assert chains == {
            "accounts.sign_up": request,
            "email.welcome": ["email.welcome", *request],
            "email.deliver": ["email.deliver", "email.welcome", *request],
            "analytics.count": ["analytics.count", *request],
            "onboarding.first_workspace": ["onboarding.first_workspace", *request],
        }
        operations = {span.name for span in spans if span.kind == "operation"}
        assert "commit update analytics.counts" in operations
        assert "put onboarding.workspaces" in operations


def test_a_failed_delivery_is_in_the_trace_with_its_error() -> None:
    with platform(BrokenSender()) as running:
        reply = running.post("/accounts", SIGN_UP)
        running.settle()
        failed = [span for span in running.spans(reply.trace) if span.error]
        assert [(span.name, span.error) for span in failed if span.kind == "delivery"] == [
            ("email.deliver", "OSError: smtp is down")
        ]


def test_a_callers_own_trace_is_continued() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with platform(MemorySender()) as running:
        reply = running.post(
            "/accounts", SIGN_UP, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        )
        assert reply.trace == reply.headers["trace-id"] == trace
        running.settle()
        assert {span.service for span in running.spans(trace)} == {
            "accounts",
            "analytics",
            "email",
            "onboarding",
        }
