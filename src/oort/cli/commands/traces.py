"""`oort traces` and `oort trace`: show the recorded traces of the platform."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output, waterfall
from oort.cli.wiring import platforms
from oort.model.invocations import Span, TraceSummary

_LIST_EPILOG = """\b
Example:
  oort traces apps/cometbid --limit 5
"""
_ONE_EPILOG = """\b
Example:
  oort trace 4bf92f35 -C apps/cometbid
"""
_MOST = 10_000


@click.command(cls=Command, epilog=_LIST_EPILOG, short_help="List traces, newest first.")
@options.path_argument
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=20,
    show_default=True,
    help="The maximum number of traces.",
)
@options.json_option
@options.state_option
def traces(*, path: Path, limit: int, as_json: bool, state: Path | None) -> None:
    """List the latest traces of the platform in PATH, newest first. A trace is a request or message
    with all its consequences, in all services. The platform may run or not."""
    from oort.cli.wiring import embedded

    with embedded.recorded(platforms.state_folder(platforms.find(path), state)) as recorded:
        summaries = recorded.recent(most=limit)
    if as_json:
        output.json([_described(summary) for summary in summaries])
    elif summaries:
        rows = [_row(summary) for summary in summaries]
        output.table(
            ("TRACE", "WHEN", "WHAT", "TOOK", "SPANS", "ERRORS", "SERVICES"),
            rows,
            right=frozenset({3, 4, 5}),
        )
    else:
        output.echo("There are no traces yet.")


@click.command(cls=Command, epilog=_ONE_EPILOG, short_help="Show one trace, step by step.")
@click.argument("id")
@options.path_option
@options.json_option
@options.state_option
def trace(*, id: str, path: Path, as_json: bool, state: Path | None) -> None:
    """Show the trace ID, or the only trace that begins with ID: every step below its cause, with
    start, duration and error. Replies carry the id in the header trace-id; the log shows its
    beginning."""
    from oort.cli.wiring import embedded

    with embedded.recorded(platforms.state_folder(platforms.find(path), state)) as recorded:
        spans = recorded.read(id)
    if as_json:
        output.json(_whole(spans))
        return
    width = shutil.get_terminal_size((waterfall.WIDEST, 24)).columns
    for line in waterfall.lines(spans, width=width, colours=output.coloured(sys.stdout)):
        output.echo(line)


def _row(summary: TraceSummary) -> tuple[str, ...]:
    return (
        summary.trace[:8],
        output.clock(summary.start / 1e9),
        output.preview(summary.name, width=48),
        output.nanoseconds(summary.duration),
        str(summary.spans),
        str(summary.errors or ""),
        ", ".join(summary.services),
    )


def _described(summary: TraceSummary) -> dict[str, object]:
    return {
        "trace": summary.trace,
        "name": summary.name,
        "start": _iso(summary.start),
        "duration_ms": output.milliseconds(summary.duration),
        "spans": summary.spans,
        "errors": summary.errors,
        "services": summary.services,
    }


def _whole(spans: tuple[Span, ...]) -> dict[str, object]:
    first = min(span.start for span in spans)
    end = max(span.start + span.duration for span in spans)
    return {
        "trace": spans[0].trace,
        "start": _iso(first),
        "duration_ms": output.milliseconds(end - first),
        "spans": [
            {
                "id": span.id,
                "parent": span.parent or None,
                "name": span.name,
                "kind": span.kind,
                "service": span.service,
                "offset_ms": output.milliseconds(span.start - first),
                "duration_ms": output.milliseconds(span.duration),
                "error": span.error or None,
                "detail": span.detail,
            }
            for span in spans
        ],
    }


def _iso(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
