"""Settings for every test: the contract suites' target, one worker for what must not run side by side, hypothesis."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests import costs, measuring, repeats, scheduling

# The gates draw the same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=10)  # `make fast`
settings.register_profile("gate", derandomize=True, deadline=None, max_examples=30)  # `make check`
settings.register_profile("full", derandomize=True, deadline=None)  # continuous integration
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(repeats.PROFILE)


# Keys of test platforms go into a folder that is thrown away, also those of processes that tests start.
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="oort-config-")
atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)

# Coverage is that of the small tests. A scenario runs through many lines and asserts few of them.
MEASURED = ("tests/unit/", "tests/contracts/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        default="engine",
        choices=["engine", "ministack", "moto"],
        help="what the contract suites run against (default: engine)",
    )
    parser.addoption(
        "--e2e",
        action="store_true",
        help="collect tests/e2e, which needs the emulators' environment",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(costs.Recorder())
    config.pluginmanager.register(measuring.Measured())
    if config.pluginmanager.has_plugin("dsession"):
        config.pluginmanager.register(scheduling.Modules())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The tests of `make e2e` need more than `.venv` holds."""
    return True if collection_path.name == "e2e" and not config.getoption("--e2e") else None


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> str:
    """The name of the implementation that the contract suites run against."""
    name = pytestconfig.getoption("--target")
    assert isinstance(name, str)
    return name


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests share a worker, and let what takes long begin first.

    Tests marked `crash` or `serial` share one, so that no two of them run at the same time. Architecture tests share one
    too: each worker would read the whole source tree for them.
    """
    for item in items:
        if item.get_closest_marker("crash") or item.get_closest_marker("serial"):
            item.add_marker(pytest.mark.xdist_group("serial"))
        elif item.nodeid.startswith("tests/architecture/"):
            item.add_marker(pytest.mark.xdist_group("architecture"))
        if not item.nodeid.startswith(MEASURED):
            item.add_marker(pytest.mark.unmeasured)
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def begins_late(item: pytest.Item) -> tuple[bool, bool]:
        """False sorts first: the serial group, then modules with tests that are marked slow."""
        serial = item.get_closest_marker("crash") or item.get_closest_marker("serial")
        return not serial, item.path not in slow

    items.sort(key=begins_late)
