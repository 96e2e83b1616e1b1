"""The table of differences is small, and names cases that there are."""

import pytest

from oort.testing import port_suites
from tests.contracts.differences import AWS_TARGETS, DIFFERENCES, unverified

SUITES = {
    name.removesuffix("Contract"): {case for case in dir(suite) if case.startswith("test_")}
    for name, suite in vars(port_suites).items()
    if name.endswith("Contract")
}


def test_every_case_exists_and_has_a_reason() -> None:
    for case, reasons in DIFFERENCES.items():
        suite, _, name = case.partition("::")
        assert name in SUITES[suite]
        assert reasons.keys() <= set(AWS_TARGETS)
        assert all(reason.endswith(".") for reason in reasons.values())
    assert unverified().keys() <= DIFFERENCES.keys()


@pytest.mark.parametrize("emulator", AWS_TARGETS)
def test_at_most_a_tenth_of_a_suite_differs(emulator: str) -> None:
    for suite, cases in SUITES.items():
        differing = [
            case
            for case, why in DIFFERENCES.items()
            if case.startswith(f"{suite}::") and emulator in why
        ]
        assert len(differing) <= len(cases) / 10, suite
