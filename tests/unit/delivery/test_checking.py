"""A program held against its lock files on disk, and the lines of source that findings name."""

import gc
from pathlib import Path

import pytest

from oort.delivery import checking, lockfiles
from oort.delivery.checking import Checked
from oort.model.errors import InvalidProgram
from tests.unit.delivery.contracts_on_disk import CONTRACTS, changed, place, platform


def again(root: Path, contracts: str = CONTRACTS, *, stage: str = "prod", **more: str) -> Checked:
    """Lock the platform, then check it with other contracts."""
    with platform(root) as (project, program):
        locked = checking.check(project, program)
        assert locked.objections == ()
        checking.lock(locked, stage=stage)
    with platform(root, contracts=contracts, **more) as (other, changed_program):
        (project.folder / "contracts").rename(root / "kept")
        for file in sorted((root / "kept").glob("*/*.json")):
            into = other.folder / "contracts" / file.parent.name
            into.mkdir(parents=True)
            file.rename(into / file.name)
        return checking.check(other, changed_program)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    to: Address\n", "    to: Address\n    by: str\n", "by: str"),
        ("    street_name: str", "    street_name: int", "street_name: int"),
        ("    total: int", "    total: str", "class OrderPlaced(Placed):"),  # it is inherited
        ("    to: Address\n", "", "class OrderPlaced(Placed):"),
    ],
)
def test_a_finding_names_the_line_of_its_field(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    found = again(tmp_path, changed(old, new))
    assert found.refuses_lock
    assert {place(one) for one in found.objections} == {line}


def test_what_a_lock_file_alone_knows_is_found_there(tmp_path: Path) -> None:
    shop = "from oort import Service\nshop = Service('shop')\n@shop.post('/other')\ndef place() -> None: ...\n"
    found = again(tmp_path, shop=shop)
    gone, removed = found.objections
    assert (gone.code, place(gone)) == ("contract.gone", "{")
    assert (removed.code, place(removed)) == ("api.removed", '"/shop": {')


def test_an_example_that_cannot_be_found_is_asked_for_when_it_is_locked(tmp_path: Path) -> None:
    contracts = changed(
        "    total: int", '    total: Annotated[str, msgspec.Meta(pattern="^(?=a)b$")]'
    )
    with platform(tmp_path, contracts=f"from typing import Annotated\n{contracts}") as (
        project,
        program,
    ):
        found = checking.check(project, program)
        with pytest.raises(InvalidProgram) as raised:
            checking.lock(found)
        (mistake,) = raised.value.mistakes
        assert (mistake.code, "total" in mistake.what) == ("contract.example", True)
        assert not (project.folder / "contracts/shop.placed").exists()
    after = again(tmp_path, f"from typing import Annotated\n{contracts}")
    assert {one.code for one in after.objections} == {"contract.breaking", "contract.unknown"} & {
        one.code for one in after.objections
    }


def test_what_is_published_is_that_of_the_deployed_services(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        found = checking.check(project, program)
        assert not checking.publish(found, services=["shop"], stage="prod")  # it has no lock files
        checking.lock(found)
        locked = checking.check(project, program)
        checking.publish(locked, services=["desk"], stage="test")
        locks = lockfiles.read(project.folder)
        assert (locks.events["shop.placed", 1].published, locks.apis["shop"].published) == (
            ("test",),
            (),
        )
        checking.publish(checking.check(project, program), services=["shop"], stage="prod")
        locks = lockfiles.read(project.folder)
        assert (locks.events["shop.placed", 1].published, locks.apis["shop"].published) == (
            ("prod", "test"),
            ("prod",),
        )


def test_the_collector_is_as_it_was(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        checking.check(project, program)
        assert gc.isenabled()
        gc.disable()
        try:
            checking.check(project, program)
            assert not gc.isenabled()
        finally:
            gc.enable()
