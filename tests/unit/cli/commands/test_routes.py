"""`oort routes`."""

import json
from pathlib import Path

from tests.unit.cli.shops import run, shop


def test_routes_say_who_may_call(tmp_path: Path) -> None:
    lines = run("routes", shop(tmp_path)).stdout.splitlines()
    assert lines[0].split() == ["METHOD", "PATH", "FOR", "FUNCTION"]
    assert lines[1].split() == ["POST", "/orders", "anyone", "orders.place"]
    assert lines[2].split() == ["GET", "/orders", "signed", "in", "orders.mine"]
    assert lines[3].split() == ["GET", "/orders/all", "groups", "staff", "orders.everything"]


def test_routes_as_json(tmp_path: Path) -> None:
    found = json.loads(run("routes", shop(tmp_path), "--json").stdout)
    first = found[0]
    assert len(found) == 7
    assert first.pop("line") > 1
    assert first.pop("file").endswith("orders.py")
    assert first == {
        "method": "POST", "path": "/orders", "function": "orders.place", "status": 201, "public": True, "groups": [], "owner": None
    }  # fmt: skip
