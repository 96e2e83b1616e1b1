"""`oort permissions`."""

import json
from pathlib import Path

from tests.unit.cli.shops import run, shop


def test_permissions_show_functions_resources_and_actions(tmp_path: Path) -> None:
    lines = [line.split() for line in run("permissions", shop(tmp_path)).stdout.splitlines()]
    assert ["orders.place", "table", "orders.book", "put"] in lines
    assert ["orders.place", "event", "orders.placed", "publish"] in lines
    assert ["orders.mine", "nothing"] in lines


def test_permissions_as_json(tmp_path: Path) -> None:
    found = json.loads(run("permissions", shop(tmp_path), "--json").stdout)
    assert {
        "function": "orders.pack",
        "kind": "queue",
        "resource": "orders.parcels",
        "actions": ["send"],
    } in found
    assert len(found) == 5
