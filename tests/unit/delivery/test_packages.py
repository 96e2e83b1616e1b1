"""The plan of a package, its fingerprint, and how fetched wheels join it. Whole packages: tests/scenarios."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from oort.app.loading.projects import Project
from oort.delivery.distributions import ALWAYS, PROVIDED
from oort.delivery.packages import SHIPPED, Packer, complete
from oort.delivery.wheels import Wheels
from oort.model.delivery.packages import Package, Wheel
from oort.model.delivery.stages import Architecture, Stage
from oort.model.errors import NotFoundHere
from tests.architecture.source_tree import imports, oort_modules
from tests.unit.delivery.installs import environment, install, wheel, write
from tests.unit.delivery.test_wheels import Index

HOST = Stage("host", runtime="python3.11", architecture=Architecture.X86_64)
ARM = Stage("prod")
NATIVE = ["cp311-cp311-manylinux_2_17_x86_64"]
SHOP = {
    "shop/__init__.py": "",
    "shop/orders/__init__.py": "import web",
    "shop/orders/data.txt": "1",
    "shop/billing/__init__.py": "import msgspec",
}
HOMES = {"orders": ("shop.orders",), "billing": ("shop.billing",)}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    install(
        tmp_path / "site",
        "msgspec",
        {"msgspec/__init__.py": "", "msgspec/_core.so": "x86"},
        tags=NATIVE,
    )
    install(tmp_path / "site", "web", {"web/__init__.py": "w = 1"})
    return write(tmp_path / "root", SHOP)


def project(root: Path) -> Project:
    return Project("shop", ("shop.orders", "shop.billing"), root / "shop", root)


def plan(root: Path, service: str = "orders", *, stage: Stage = HOST) -> Package:
    packer = Packer(
        project(root), stage=stage, homes=HOMES, installed=environment(root.parent / "site")
    )
    return packer.package(service)


def others(package: Package) -> list[str]:
    return [one.path for one in package.files if not one.path.startswith("oort/")]


def test_a_package_holds_its_service_what_it_needs_and_oort(shop: Path) -> None:
    orders, billing = plan(shop), plan(shop, "billing")
    assert others(orders) == [
        "msgspec-1.0.dist-info/METADATA", "msgspec/__init__.py", "msgspec/_core.so", "shop/__init__.py",
        "shop/orders/__init__.py", "shop/orders/data.txt", "web-1.0.dist-info/METADATA", "web/__init__.py",
    ]  # fmt: skip
    assert not [path for path in others(billing) if path.startswith(("web", "shop/orders"))]
    assert [one.path for one in orders.files] == sorted(one.path for one in orders.files)


def test_of_oort_only_what_runs_on_lambda_ships(shop: Path) -> None:
    ours = {one.path for one in plan(shop).files if one.path.startswith("oort/")}
    assert {"oort/__init__.py", "oort/model/operations.py", "oort/runtime/invoke.py"} <= ours
    assert {path.split("/")[1] for path in ours} <= {"__init__.py", *SHIPPED}
    assert not [path for path in ours if not path.endswith(".py")]


def test_what_ships_of_oort_needs_nothing_but_msgspec_and_the_runtimes_own() -> None:
    """`distributions.ALWAYS` is all of it: our modules are not searched at run time."""
    known = {*sys.stdlib_module_names, "oort", ALWAYS, *PROVIDED.values()}
    ours = [
        one
        for one in oort_modules()
        if one.name.split(".")[1:2] and one.name.split(".")[1] in SHIPPED
    ]
    strangers = {
        (one.name, origin)
        for one in ours
        for origin, _, _ in imports(one)
        if origin.split(".")[0] not in known
    }
    # Both are only asked for where a user's own program has them, or a type checker reads.
    assert {origin for _, origin in strangers} <= {"pydantic", "typing_extensions"}


def test_an_unknown_service_is_named_with_those_there_are(shop: Path) -> None:
    with pytest.raises(
        NotFoundHere, match=r"There is no service mail\. There are: billing, orders\."
    ):
        plan(shop, "mail")


def test_the_fingerprint_follows_the_content_and_the_target(shop: Path) -> None:
    first = plan(shop).fingerprint
    assert len(first) == 64
    assert plan(shop).fingerprint == first
    assert plan(shop, stage=replace(HOST, region="eu-north-1", memory=1024)).fingerprint == first
    different = [
        plan(shop, stage=ARM),
        plan(shop, stage=replace(HOST, runtime="python3.12")),
        plan(shop, "billing"),
    ]
    write(shop, {"shop/orders/data.txt": "2"})
    different.append(plan(shop))
    assert len({first, *(one.fingerprint for one in different)}) == 5


def test_a_native_distribution_counts_by_version_so_that_two_machines_agree(shop: Path) -> None:
    here = plan(shop)
    install(
        shop.parent / "site",
        "msgspec",
        {"msgspec/__init__.py": "other"},
        tags=["cp311-cp311-macosx_11_0_arm64"],
    )
    there = plan(shop)
    assert (here.wheels, there.wheels) == ((), (Wheel("msgspec", "1.0"),))
    assert here.fingerprint == there.fingerprint


def test_wheels_join_the_plan_and_leave_its_fingerprint(shop: Path, tmp_path: Path) -> None:
    planned = plan(shop, stage=ARM)
    assert planned.wheels == (Wheel("msgspec", "1.0"),)
    assert not [path for path in others(planned) if path.startswith("msgspec")]
    whole = complete(
        planned, source=Wheels(tmp_path / "cache", Index(names=("msgspec-1.0-py3-none-any.whl",)))
    )
    assert (whole.wheels, whole.fingerprint) == ((), planned.fingerprint)
    assert [one.content for one in whole.files if one.path == "fast.py"] == [b"x = 1"]
    assert [one.path for one in whole.files] == sorted(one.path for one in whole.files)


def test_a_file_of_the_services_own_goes_before_that_of_a_wheel(shop: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def index(arguments: Sequence[str]) -> tuple[int, str]:
        wheel(
            Path(arguments[arguments.index("--dest") + 1]) / "m-1.0-py3-none-any.whl",
            {"shop/__init__.py": "theirs"},
        )
        return 0, ""

    whole = complete(plan(shop, stage=ARM), source=Wheels(cache, index))
    assert [one.content for one in whole.files if one.path == "shop/__init__.py"] == [
        shop / "shop" / "__init__.py"
    ]


def test_thirty_four_services_are_fingerprinted_within_two_seconds(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(34)]
    code = "import json, msgspec, pydantic\nfrom oort import Service\nfrom big.shared import x\n"
    root = write(tmp_path, {"big/__init__.py": "", "big/shared.py": "x = 1"})
    for name in names:
        write(
            root,
            {
                f"big/{name}/{file}.py": code
                for file in ("__init__", "http", "store", "rules", "mail", "jobs")
            },
        )
    entries = tuple(f"big.{name}" for name in names)
    started = time.process_time()
    packer = Packer(
        Project("big", entries, root, root),
        stage=ARM,
        homes={name: (f"big.{name}",) for name in names},
    )
    prints = {packer.package(name).fingerprint for name in names}
    assert len(prints) == 34
    assert time.process_time() - started < 2, "CPU seconds"
