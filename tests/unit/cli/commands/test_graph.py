"""`oort graph` in its three forms."""

import json
from pathlib import Path

from tests.unit.cli.shops import run, shop


def test_the_graph_in_its_three_forms(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert "sends queue orders.parcels  -> orders.ship" in run("graph", folder).stdout
    assert run("graph", folder, "--mermaid").stdout.startswith("flowchart LR\n")
    assert sorted(json.loads(run("graph", folder, "--json").stdout)) == [
        "edges",
        "nodes",
        "platform",
    ]
