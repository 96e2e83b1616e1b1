"""`oort invoke`: requests and messages handed to one function."""

import json
from pathlib import Path

import pytest

from oort.cli.wiring import embedded
from oort.model.errors import InvalidToken
from tests.unit.cli.shops import run, shop


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
    assert "An example that fits:" in result.stderr


def test_a_type_without_an_example_points_to_the_code(tmp_path: Path) -> None:
    source = """
from typing import Annotated
from msgspec import Meta
from oort import Service
orders = Service("orders")
@orders.post("/", public=True)
def make(body: Annotated[str, Meta(pattern="^(?=a)b$")]) -> None: ...
"""
    result = run("invoke", "orders.make", "--event", "-", "-C", shop(tmp_path, source), input="[]")
    assert result.exit_code == 64
    assert "orders.py:6." in result.stderr


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
