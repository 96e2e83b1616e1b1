"""Gives the contract suites what `--target` names: the engine on each of its stores, or AWS as an emulator has it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from oort.aws.clients import Clients
from oort.engine.services.tables import no_lag
from oort.engine.store.direct import DirectStore
from oort.engine.store.group import GroupCommitStore
from oort.engine.store.store import Store
from oort.testing.port_suites import Target
from tests.contracts.aws_target import AwsTarget
from tests.contracts.differences import DIFFERENCES, unverified
from tests.contracts.engine_target import STEP, EngineTarget
from tests.emulators import processes

ENGINE = "engine"
STORES = ("memory", "file", "lagging")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On the engine each case runs three times: in memory, on a file with group commit, and with indexes that lag behind."""
    if "location" in metafunc.fixturenames:
        name = metafunc.config.getoption("--target")
        metafunc.parametrize("location", STORES if name == ENGINE else [name])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A case that the target cannot keep must fail, with the reason in the table."""
    name = config.getoption("--target")
    for item in items:
        case = item.nodeid.partition("::Test")[2].partition("[")[0]
        reason = DIFFERENCES.get(case, {}).get(name)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What the emulators cannot show is said, not left out."""
    if config.getoption("--target") == ENGINE:
        return
    for case, reason in unverified().items():
        terminalreporter.write_line(f"UNVERIFIED on AWS: {case}: {reason}")


@pytest.fixture(scope="session")
def clients(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clients]:
    """Clients of an emulator that runs for the session."""
    with processes.running(
        pytestconfig.getoption("--target"), tmp_path_factory.mktemp("emulator")
    ) as endpoint:
        settings = {**processes.CLIENT, "AWS_ENDPOINT_URL": endpoint}
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        clients = Clients(processes.REGION)
        yield clients
        clients.close()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def target(location: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """The target, with nothing in it."""
    if location not in STORES:
        yield AwsTarget(request.getfixturevalue("clients"), account=processes.ACCOUNT)
        return
    store: Store = GroupCommitStore(tmp_path / "oort.db") if location == "file" else DirectStore()
    yield EngineTarget(store, lag=(lambda: STEP * 3) if location == "lagging" else no_lag)
    store.close()
