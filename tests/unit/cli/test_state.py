"""The commands that work on a platform's state: invoke, token, queues, traces and trace."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from oort.cli.printing import output
from oort.cli.wiring import embedded, platforms
from oort.engine.clocks import SystemClock
from oort.engine.identity.issuer import Issuer, issuer_url
from oort.engine.state.folder import open_state
from oort.engine.store.direct import DirectStore
from oort.model.errors import InvalidToken
from oort.model.messages import Message
from tests.unit.cli.shops import delivered, run, shop


def place(folder: Path, note: str = "") -> str:
    """Place an order by `oort invoke`; the trace."""
    event = json.dumps({"body": {"email": "a@b.c", "note": note}})
    result = run("invoke", "orders.place", "--event", "-", "-C", folder, "--json", input=event)
    return str(json.loads(result.stdout)["trace"])


# -- token


def test_a_token_is_all_that_is_printed_and_the_issuer_accepts_it(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    result = run("token", "--user", "ada", "--group", "staff", "--group", "support", "-C", folder)
    principal = Issuer(folder / ".oort", issuer_url("shop"), SystemClock()).verify(
        result.stdout.strip()
    )
    assert (principal.id, principal.groups) == ("ada", frozenset({"staff", "support"}))
    assert stat.S_IMODE((folder / ".oort").stat().st_mode) == 0o700


@pytest.mark.parametrize("lifetime", ["soon", "0h", "2d", "-1h", "1.5h"])
def test_a_lifetime_that_no_token_can_have_is_a_usage_error(tmp_path: Path, lifetime: str) -> None:
    result = run("token", "--user", "ada", "--lifetime", lifetime, "-C", shop(tmp_path))
    assert (result.exit_code, result.stdout) == (64, "")


def test_a_token_needs_a_user(tmp_path: Path) -> None:
    assert run("token", "--user", " ", "-C", shop(tmp_path)).exit_code == 64


# -- invoke


def test_a_route_is_invoked_with_a_body(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    file = tmp_path / "order.json"
    file.write_text('{"body": {"email": "a@b.c"}}')
    result = run("invoke", "orders.place", "--event", file, "-C", folder)
    first, *rest = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first.startswith("201  orders.place  trace ")
    assert json.loads("\n".join(rest))["email"] == "a@b.c"
    assert result.stderr == "placing\n"  # what the handler prints is not our output


def test_path_query_headers_user_and_groups_reach_the_route(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    event = {
        "query": {"country": "NO", "limit": 5},
        "headers": {"X-Trace": "t"},
        "user": "ada",
        "groups": ["staff"],
    }
    result = run(
        "invoke",
        "orders.everything",
        "--event",
        "-",
        "-C",
        folder,
        "--json",
        input=json.dumps(event),
    )
    found = json.loads(result.stdout)
    assert (result.exit_code, found["status"], found["body"], found["error"]) == (0, 200, [], None)
    assert sorted(found) == ["body", "error", "function", "headers", "status", "trace"]
    day = run(
        "invoke",
        "orders.of_day",
        "--event",
        "-",
        "-C",
        folder,
        input='{"path": {"day": "2026-01-31"}}',
    )
    assert day.stdout.endswith('"2026-01-31"\n')


@pytest.mark.parametrize(
    ("event", "status"),
    [({}, 401), ({"user": "ada"}, 403), ({"user": "ada", "groups": ["staff"]}, 400)],
)
def test_what_the_gateway_refuses_is_refused(
    tmp_path: Path, event: dict[str, object], status: int
) -> None:
    result = run(
        "invoke", "orders.everything", "--event", "-", "-C", shop(tmp_path), input=json.dumps(event)
    )
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{status}  orders.everything")


def test_a_handler_that_raises_shows_its_traceback_on_stderr(tmp_path: Path) -> None:
    event = '{"body": {"email": "a@b.c", "note": "raise"}}'
    result = run("invoke", "orders.place", "--event", "-", "-C", shop(tmp_path), input=event)
    assert result.exit_code == 1
    assert result.stdout.startswith("500  orders.place")
    assert "ZeroDivisionError: the handler broke" in result.stderr
    assert "runtime/invoke.py" not in result.stderr


def test_a_reply_without_a_body(tmp_path: Path) -> None:
    result = run(
        "invoke", "orders.forget", "--event", "-", "-C", shop(tmp_path), input='{"path": {"id": 7}}'
    )
    assert (result.exit_code, result.stdout.split()[0], len(result.stdout.splitlines())) == (
        0,
        "204",
        1,
    )


def test_a_body_over_the_limit_is_refused_as_the_gateway_does(tmp_path: Path) -> None:
    event = json.dumps({"body": {"email": "a@b.c", "note": "x" * 6_300_000}})
    assert run(
        "invoke", "orders.place", "--event", "-", "-C", shop(tmp_path), input=event
    ).stdout.startswith("413")


def test_consumers_are_invoked_with_one_message_or_a_list(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    one = run("invoke", "orders.pack", "--event", "-", "-C", folder, input='{"order_id": "1"}')
    assert (one.exit_code, one.stdout.split()[:2]) == (0, ["ok", "orders.pack"])
    many = json.dumps([{"order_id": "1", "weight": 1}, {"order_id": "2", "weight": 0}])
    result = run("invoke", "orders.ship", "--event", "-", "-C", folder, "--json", input=many)
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [one["ok"] for one in found["deliveries"]] == [True, False]
    assert found["deliveries"][1]["error"] == "ValueError: a parcel without weight"
    assert sorted(found["deliveries"][0]) == ["error", "message", "ok", "trace", "traceback"]


def test_a_consumer_that_fails_says_why(tmp_path: Path) -> None:
    result = run(
        "invoke",
        "orders.ship",
        "--event",
        "-",
        "-C",
        shop(tmp_path),
        input='{"order_id": "1", "weight": 0}',
    )
    assert (result.exit_code, result.stdout.split()[0]) == (1, "failed")
    assert "ValueError: a parcel without weight" in result.stdout
    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    ("function", "event", "says"),
    [
        ("orders.place", "{", "truncated"),
        ("orders.place", "\xff", "does not fit orders.place"),
        ("orders.place", '{"bdy": {}}', "unknown field `bdy`"),
        ("orders.place", "[]", "does not fit orders.place"),
        ("orders.read", "{}", "path has no 'id'"),
        ("orders.everything", '{"user": ""}', '"groups"'),
        ("orders.mine", '{"user": ""}', '"user": "ada"'),
        ("orders.pack", "{", "truncated"),
        ("orders.pack", "[]", "the list is empty"),
        ("orders.pack", '{"order_id": 1}', '"order_id": "order_id"'),
        ("orders.ship", '[{"order_id": "1"}]', "missing required field `weight`"),
    ],
)
def test_an_event_that_does_not_fit_is_a_usage_error_and_shows_one_that_does(
    tmp_path: Path, function: str, event: str, says: str
) -> None:
    result = run("invoke", function, "--event", "-", "-C", shop(tmp_path), input=event)
    assert (result.exit_code, result.stdout) == (64, "")
    assert says in result.stderr
    assert "One that does:" in result.stderr


def test_a_type_without_an_example_points_to_the_code(tmp_path: Path) -> None:
    source = """
from typing import Annotated
from msgspec import Meta
from oort import Service
orders = Service("orders")
@orders.post("/", public=True)
def make(body: Annotated[str, Meta(pattern="^q7-[0-9]{9}$")]) -> None: ...
"""
    result = run("invoke", "orders.make", "--event", "-", "-C", shop(tmp_path, source), input="[]")
    assert result.exit_code == 64
    assert "orders.py:6 says what does." in result.stderr


def test_an_event_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    result = run("invoke", "orders.place", "--event", tmp_path / "no.json", "-C", shop(tmp_path))
    assert result.exit_code == 64
    assert "cannot be read: No such file or directory." in result.stderr


@pytest.mark.parametrize(
    ("name", "says"), [("orders.plase", "Did you mean orders.place"), ("x", "There are: ")]
)
def test_an_unknown_function_is_a_usage_error_with_a_hint(
    tmp_path: Path, name: str, says: str
) -> None:
    result = run("invoke", name, "--event", "-", "-C", shop(tmp_path), input="{}")
    assert result.exit_code == 64
    assert says in result.stderr


# -- queues


def test_queues_show_their_depth(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    lines = [line.split() for line in run("queues", "list", folder).stdout.splitlines()]
    assert lines == [
        ["QUEUE", "OF", "EVENT", "WAITING", "IN", "FLIGHT", "DEAD", "PARKED"],
        ["orders.parcels", "0", "0", "1", "0"],
        ["orders.pack", "orders.placed", "0", "0", "0", "0"],
    ]
    assert json.loads(run("queues", "list", folder, "--json").stdout)[0] == {
        "queue": "orders.parcels", "subscription": None, "attempts": 1, "waiting": 0, "in_flight": 0, "dead": 1,
        "parked": 0,
    }  # fmt: skip


def test_dead_letters_are_shown_and_put_back(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    shown = run("queues", "peek", "orders.parcels", "-C", folder).stdout
    assert "0 waiting, 0 in flight, 1 dead, 0 parked" in shown
    assert "after 1 attempt\n  ValueError: a parcel without weight\n" in shown
    assert '"weight":0}' in shown
    assert (
        run("queues", "redrive", "orders.parcels", "-C", folder).stdout
        == "orders.parcels: 1 dead letter put back.\n"
    )
    assert (
        run("queues", "redrive", "orders.parcels", "-C", folder).stdout
        == "orders.parcels: no dead letters.\n"
    )
    again = json.loads(run("queues", "redrive", "orders.parcels", "-C", folder, "--json").stdout)
    assert again == {"queue": "orders.parcels", "redriven": 0}
    waiting = run("queues", "peek", "orders.parcels", "-C", folder).stdout
    assert "1 waiting" in waiting
    assert "\nwaiting  " in waiting


def test_peek_as_json(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder, "unsendable")
    delivered(folder)
    (letter,) = json.loads(run("queues", "peek", "orders.parcels", "-C", folder, "--json").stdout)[
        "dead"
    ]
    assert sorted(letter) == [
        "attempts",
        "body",
        "died",
        "error",
        "id",
        "name",
        "sent",
        "traceback",
        "version",
    ]
    assert (letter["body"]["weight"], letter["error"]) == (0, "ValueError: a parcel without weight")
    assert letter["traceback"].startswith("Traceback")


def test_a_body_that_is_no_json_is_shown_as_text(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    place(folder)
    project, program = platforms.load(folder)
    with embedded.at_rest(program, platforms.state_folder(project, None)) as engine:
        engine.ports.queues.send(
            "orders.parcels", Message(id="1", name="orders.parcels", body=b"\xffno")
        )
    (message,) = json.loads(run("queues", "peek", "orders.parcels", "-C", folder, "--json").stdout)[
        "waiting"
    ]
    assert message["body"] == "\ufffdno"


@pytest.mark.parametrize("command", ["peek", "redrive"])
def test_an_unknown_queue_is_a_usage_error(tmp_path: Path, command: str) -> None:
    result = run("queues", command, "orders.parcel", "-C", shop(tmp_path))
    assert result.exit_code == 64
    assert "Did you mean orders.parcels" in result.stderr


def test_a_platform_without_queues(tmp_path: Path) -> None:
    folder = shop(
        tmp_path,
        "from oort import Service\nempty = Service('empty')\n@empty.get('/')\ndef no() -> None: ...\n",
    )
    run("invoke", "empty.no", "--event", "-", "-C", folder, input="{}")
    assert run("queues", "list", folder).stdout == "The platform has no queues.\n"


@pytest.mark.parametrize("words", [("queues", "list"), ("traces",), ("trace", "ab", "-C")])
def test_without_a_state_there_is_nothing_to_see(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = shop(tmp_path)
    result = run(*words, folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Start the platform once: oort dev." in result.stderr
    assert not (folder / ".oort").exists()


# -- traces


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


def test_where_no_request_comes_in_nobody_is_known() -> None:
    with pytest.raises(InvalidToken):
        embedded.Nobody().verify("token")


def test_another_state_folder_can_be_named(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    event = '{"path": {"id": "1"}}'
    run(
        "invoke",
        "orders.forget",
        "--event",
        "-",
        "-C",
        folder,
        "--state",
        tmp_path / "other",
        input=event,
    )
    assert not (folder / ".oort").exists()
    assert len(run("traces", folder, "--state", tmp_path / "other").stdout.splitlines()) == 2


def test_a_time_of_the_past_carries_its_date() -> None:
    yesterday = output.moment(SystemClock().now().timestamp()) - timedelta(days=2)
    assert output.clock(yesterday.timestamp()).startswith(f"{yesterday:%Y-%m-%d}")
