"""`oort traces` and `oort trace`."""

import json
from datetime import timedelta
from pathlib import Path

from oort.cli.printing import output
from oort.engine.state.folder import open_state
from oort.engine.store.direct import DirectStore
from oort.runtime.system import SystemClock
from tests.unit.cli.shops import delivered, run, shop


def place(folder: Path, note: str = "") -> str:
    """Place an order by `oort invoke`; the trace."""
    event = json.dumps({"body": {"email": "a@b.c", "note": note}})
    result = run("invoke", "orders.place", "--event", "-", "-C", folder, "--json", input=event)
    return str(json.loads(result.stdout)["trace"])


def test_traces_are_listed_newest_first(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    first, second = place(folder), place(folder, "raise")
    delivered(folder)
    lines = [line.split() for line in run("traces", folder).stdout.splitlines()]
    assert lines[0] == ["TRACE", "WHEN", "WHAT", "TOOK", "SPANS", "ERRORS", "SERVICES"]
    assert [line[0] for line in lines[1:]] == [second[:8], first[:8]]
    assert len(run("traces", folder, "--limit", "1").stdout.splitlines()) == 2


def test_traces_as_json(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    trace = place(folder, "raise")
    (found,) = json.loads(run("traces", folder, "--json").stdout)
    assert sorted(found) == ["duration_ms", "errors", "name", "services", "spans", "start", "trace"]
    assert (found["trace"], found["name"], found["errors"]) == (trace, "POST /orders", 2)
    assert run("traces", folder, "--limit", "0").exit_code == 64


def test_one_trace_shows_everything_that_followed(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    trace = place(folder, "unsendable")
    delivered(folder)
    shown = run("trace", trace[:8], "-C", folder).stdout
    assert trace in shown
    assert "└ orders.pack" in shown
    assert "└ orders.ship" in shown
    assert "✗ ValueError: a parcel without weight" in shown
    found = json.loads(run("trace", trace, "-C", folder, "--json").stdout)
    assert sorted(found) == ["duration_ms", "spans", "start", "trace"]
    root = found["spans"][0]
    assert sorted(root) == [
        "detail", "duration_ms", "error", "id", "kind", "name", "offset_ms", "parent", "service"
    ]  # fmt: skip
    assert (root["name"], root["parent"], root["offset_ms"]) == ("POST /orders", None, 0)


def test_an_unknown_trace_is_a_usage_error(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path": {"id": "1"}}')
    result = run("trace", "zz", "-C", folder)
    assert result.exit_code == 64
    assert "There is no trace zz." in result.stderr


def test_a_platform_that_did_nothing_has_no_traces(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    DirectStore(open_state(folder / ".oort").database).close()
    assert run("traces", folder).stdout == "There are no traces yet.\n"


def test_a_time_of_the_past_carries_its_date() -> None:
    yesterday = output.moment(SystemClock().now().timestamp()) - timedelta(days=2)
    assert output.clock(yesterday.timestamp()).startswith(f"{yesterday:%Y-%m-%d}")
