"""One emulator and one deployed platform for all tests of this folder."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e import deployed
from tests.e2e.deployed import Daemon, Deployed
from tests.emulators import processes


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """What listens where functions send their spans."""
    with deployed.daemon() as listening:
        yield listening


@pytest.fixture(scope="session")
def emulator(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of the emulator; the clients of this process are told about it."""
    folder = tmp_path_factory.mktemp("emulator")
    with processes.running(
        "ministack", folder, {"AWS_XRAY_DAEMON_ADDRESS": daemon.address}
    ) as endpoint:
        settings = {**processes.CLIENT, "AWS_ENDPOINT_URL": endpoint}
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        yield endpoint
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="session")
def platform(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The reference platform, deployed."""
    return deployed.deployed(emulator, deployed.stage("e2e", tmp_path_factory.mktemp("outbox")))
