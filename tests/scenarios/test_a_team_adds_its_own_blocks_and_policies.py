"""P13, first part: a building block is a plain function over a Service, a policy a plain function over the model."""

from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest
from click.testing import CliRunner

from oort import Can, Finding, PlatformModel, Put, Query, Scan, Service, Table, policy
from oort.app.declaring.policies import judge
from oort.app.loading.loader import load
from oort.cli.commands import oort
from oort.model.functions import Http
from oort.testing import Platform


class Entry(msgspec.Struct):
    """What somebody did."""

    id: str
    what: str


def audited(service: Service) -> Callable[[], type[Table[str, Entry, Query]]]:
    """A building block: gives a service an audit log, with a route to write and one that only auditors may read."""

    @service.table("audit", key="id")
    class Audit(Table[str, Entry, Can]):
        """What was done in this service."""

    @service.put("/audit/{id}")
    def note(id: str, body: str, audit: Audit[Put]) -> None:
        audit.put(Entry(id, body))

    @service.get("/audit", groups=["auditors"])
    def notes(audit: Audit[Scan]) -> list[Entry]:
        return audit.scan().items

    return lambda: Audit


@policy
def nobody_scans(platform: PlatformModel) -> Iterable[Finding]:
    """A policy: a scan reads, and costs, the whole table."""
    for function in platform.functions:
        for grant in function.grants:
            if "scan" in grant.actions:
                yield Finding(
                    function.source, f"{function.name} scans {grant.resource}.", "Query an index."
                )


def test_a_block_gives_two_services_a_table_and_routes_of_their_own() -> None:
    orders, billing = Service("block-orders"), Service("block-billing")
    of_orders = audited(orders)()
    of_billing = audited(billing)()
    with Platform(orders, billing) as platform:
        assert platform.put("/block-orders/audit/1", "shipped", as_="ada").status == 200
        assert platform.items(of_orders) == [Entry("1", "shipped")]
        assert platform.items(of_billing) == []
        assert platform.get("/block-orders/audit", as_="ada").status == 403
        assert platform.get("/block-orders/audit", groups=["auditors"]).json() == [
            {"id": "1", "what": "shipped"}
        ]


def test_a_policy_objects_with_the_line_of_the_handler() -> None:
    service = Service("block-audit")
    audited(service)
    model = load([service]).model
    (mistake,) = judge(model, [nobody_scans])
    (scanning,) = [
        one
        for one in model.functions
        if isinstance(one.trigger, Http) and one.trigger.method == "GET"
    ]
    assert mistake.source == scanning.source
    assert mistake.code == "policy.nobody_scans"
    assert str(mistake).endswith(
        "block-audit.notes scans block-audit.audit.\n    Query an index. [policy.nobody_scans]"
    )


@pytest.mark.parametrize("listed", [True, False])
def test_oort_check_runs_the_policies_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    name = f"block_shop_{listed}".lower()
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"{name}.py").write_text(
        dedent("""
        from oort import Service
        shop = Service("shop")
        @shop.get("/", public=True)
        def front() -> str:
            return "open"
        """)
    )
    (tmp_path / f"{name}_rules.py").write_text(
        dedent("""
        from oort import Finding, policy
        @policy
        def nothing_public(platform):
            for function in platform.functions:
                if function.trigger.public:
                    yield Finding(function.source, f"{function.name} is public.", "Make it private.")
        """)
    )
    policies = f'policies = ["{name}_rules"]' if listed else ""
    (tmp_path / "oort.toml").write_text(f'name = "shop"\nservices = ["{name}"]\n{policies}\n')
    result = CliRunner().invoke(oort, ["check", str(tmp_path)])
    assert result.exit_code == (1 if listed else 0), result.output
    assert ("shop.front is public." in result.output) == listed
    assert (f"{name}.py:4" in result.output) == listed
