"""What a stage says that it runs: written when its stacks are up, and what the next deployment is held against."""

from dataclasses import replace
from pathlib import Path

import pytest

from oort.delivery import checking, lockfiles, shipping, stage_contracts
from oort.delivery.stage_contracts import DeployedContracts
from oort.model.contracts import ApiLock
from oort.model.errors import ContractBroken, UnreadableContract
from oort.ports.assets import Assets
from oort.rules.contracts import acceptances, data_changes
from tests.unit.delivery.contracts_on_disk import CONTRACTS, changed, platform
from tests.unit.delivery.test_rollout import FakeAssets, FakeStacks, rollout, shipment

EVERYONE = ("shop", "desk")


def release(
    root: Path, contracts: str = CONTRACTS, services: tuple[str, ...] = EVERYONE
) -> DeployedContracts:
    with platform(root, contracts=contracts) as (project, program):
        return DeployedContracts(checking.check(project, program), services, EVERYONE)


def test_a_stage_keeps_what_its_services_publish_and_consume(tmp_path: Path) -> None:
    assets, first = FakeAssets(), release(tmp_path)
    assert stage_contracts.read(assets, "shop") is None
    assert first.objections(assets) == ()
    first.keep(assets)
    assert sorted(assets.files) == ["contracts/desk.json", "contracts/shop.json"]
    found = stage_contracts.read(assets, "desk")
    assert found is not None
    (event,) = found.events
    assert (event.event, event.version, event.consumers, event.producers) == (
        "shop.placed",
        1,
        ("desk.show",),
        (),
    )
    assert release(tmp_path).objections(assets) == ()


def test_a_breaking_edit_of_what_runs_is_refused_with_its_line(tmp_path: Path) -> None:
    assets = FakeAssets()
    release(tmp_path).keep(assets)
    (one,) = release(
        tmp_path, changed("to: Address", "to: Address\n    by: str"), ("shop",)
    ).objections(assets)
    assert (one.code, one.name, one.consumers) == ("stage.breaking", "by", ("desk.show",))
    assert one.source is not None
    assert Path(one.source.file).name == "__init__.py"
    stage_contracts.forget(assets, ["shop", "desk", "never"])
    assert sorted(assets.files) == ["contracts/desk.json", "contracts/shop.json"]
    assert release(tmp_path, changed("total: int", "total: str")).objections(assets) == ()


STORE = """
import msgspec
from oort import Call, Can, Get, Put, Queue, Send, Service, Table, call

shop = Service("shop")
desk = Service("desk")


class Row(msgspec.Struct):
    id: str
    n: int


@call("desk.ask")
class Ask(Call[Row, int]): ...


@shop.table("rows", key="id")
class Rows(Table[str, Row, Can]): ...


@shop.queue("jobs")
class Jobs(Queue[Row, Can]): ...


@shop.get("/{id}", public=True)
def read(id: str, rows: Rows[Get], jobs: Jobs[Send], ask: Ask) -> Row:
    return rows.require(id)


@shop.worker(Jobs)
def work(row: Row) -> None: ...


@desk.answer(Ask)
def answer(row: Row) -> int:
    return row.n
"""


def stored(
    root: Path, *edits: tuple[str, str], services: tuple[str, ...] = EVERYONE
) -> DeployedContracts:
    """A release with a table, a queue, a call and a route, after these edits."""
    source = STORE
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    with platform(root, shop=source) as (project, program):
        return DeployedContracts(checking.check(project, program), services, EVERYONE, "prod")


NEEDS = ("    n: int\n", "    n: int\n    more: str\n")


@pytest.mark.parametrize(
    ("edits", "services", "expected"),
    [
        ([], EVERYONE, []),
        (
            [NEEDS],
            ("shop",),
            ["data.breaking call desk.ask", "data.breaking queue shop.jobs", "data.breaking table shop.rows"],
        ),
        ([NEEDS], ("desk",), ["data.breaking call desk.ask"]),
        ([('key="id"', 'key=("id", "n")'), ("Table[str,", "Table[tuple[str, int],"), ("require(id)", "require((id, 1))")], ("shop",), ["data.key table shop.rows"]),
        ([('"rows"', '"lines"')], ("shop",), ["data.gone table shop.rows"]),
        ([('"rows"', '"lines"')], ("desk",), []),
        ([('get("/{id}"', 'get("/of/{id}"')], ("shop",), ["api.removed GET /shop/{id}"]),
        ([('get("/{id}"', 'get("/of/{id}"')], ("desk",), []),
        ([(", ask: Ask", "")], ("shop",), []),
        ([("@desk.answer(Ask)\n", ""), (", ask: Ask", "")], ("desk",), ["data.gone call desk.ask"]),
    ],
)  # fmt: skip
def test_a_deployment_is_held_against_what_the_stage_runs_whatever_the_locks_say(
    tmp_path: Path, edits: list[tuple[str, str]], services: tuple[str, ...], expected: list[str]
) -> None:
    assets = FakeAssets()
    stored(tmp_path).keep(assets)
    found = stored(tmp_path, *edits, services=services).objections(assets)
    assert (
        sorted(f"{each.code} {each.route or f'{each.kind} {each.subject}'}" for each in found)
        == expected
    )


MORE = """class RowV1(msgspec.Struct):
    id: str
    n: int

def more(old: RowV1) -> Row:
    return Row(old.id, old.n, "")

"""


def test_an_upgrade_may_be_deployed(tmp_path: Path) -> None:
    upgrade = (
        '@shop.table("rows", key="id")',
        f'{MORE}@shop.table("rows", key="id", upgrades=[more])',
    )
    queue = ('@shop.queue("jobs")', '@shop.queue("jobs", upgrades=[more])')
    call = ("Call[Row, int]", "Call[str, int]"), ("answer(row: Row)", "answer(row: str)")
    assets = FakeAssets()
    stored(tmp_path, *call, ("row.n", "1")).keep(assets)
    new = stored(tmp_path, NEEDS, upgrade, queue, *call, ("row.n", "1"), services=("shop",))  # fmt: skip
    assert [
        (each.code, each.subject, each.what) for each in new.objections(assets) if each.kind
    ] == []
    new.keep(assets)
    back = stored(tmp_path, *call, ("row.n", "1")).objections(assets)
    assert {each.code for each in back if each.kind} == {"data.revision"}


def test_an_accepted_break_passes_in_the_stage_that_it_names(tmp_path: Path) -> None:
    assets = FakeAssets()
    first = stored(tmp_path)
    first.keep(assets)
    edit = ('get("/{id}"', 'get("/of/{id}"')
    with platform(tmp_path, shop=STORE) as (project, program):
        checking.lock(checking.check(project, program), stage="prod")
        locks = lockfiles.read(project.folder)
    with platform(tmp_path, shop=STORE.replace(*edit)) as (project, program):
        checked = checking.check(project, program, locks=locks)
        changes = acceptances.accept(
            checked.declared, locks, checked.objections, "Nobody calls it.", fits=data_changes.fits
        )
        (lock,) = changes.written
        assert isinstance(lock, ApiLock)
        kept = replace(locks, apis={"shop": lock})
        again = checking.check(project, program, locks=kept)
        assert again.objections == ()
        assert DeployedContracts(again, EVERYONE, EVERYONE, "prod").objections(assets) == ()
        other = DeployedContracts(again, EVERYONE, EVERYONE, "test").objections(assets)
        assert [each.code for each in other] == ["api.removed"]


@pytest.mark.parametrize(
    "data",
    [b"{", b"\xff", b"{}", b"[" * 100_000, b'{"format": 2, "service": "shop", "events": []}'],
)
def test_what_cannot_be_read_refuses(tmp_path: Path, data: bytes) -> None:
    assets = FakeAssets()
    assets.files["contracts/shop.json"] = data
    with pytest.raises(UnreadableContract, match=r"contracts/shop\.json in the stage's bucket"):
        release(tmp_path).objections(assets)


def test_a_shipment_is_held_before_and_kept_after_everything_else() -> None:
    stacks, assets, seen = FakeStacks(), FakeAssets(), list[str]()

    def refuse(_: Assets) -> None:
        raise ContractBroken("It would break what runs.", "Nothing was deployed.")

    def store(_: str) -> Assets:
        return assets

    with pytest.raises(ContractBroken):
        shipping.ship(shipment(), rollout=rollout(stacks), store=store, before=refuse)
    assert stacks.done == ["execute shop-prod--assets"]
    assert assets.files == {}
    with pytest.raises(ContractBroken):
        shipping.preview(shipment(), rollout=rollout(stacks), store=store, before=refuse)
    shipping.ship(
        shipment(), rollout=rollout(stacks), store=store,
        before=lambda _: seen.append(f"before {len(stacks.done)}"), after=lambda _: seen.append(f"after {len(stacks.done)}"),
    )  # fmt: skip
    assert seen == ["before 1", "after 4"]
