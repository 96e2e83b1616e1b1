"""The contract of external effects: leases, results that stay, and lost leases without effect."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from oort.model import limits
from oort.model.errors import EffectInProgress, InvalidUse, LimitExceeded
from oort.model.operations import Lease, Mark
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import MOMENT, SOON, Contract, Target

LONG = timedelta(hours=1)
FIRST = Lease("suite.function", "message-1", "charge", "first")
SECOND = msgspec.structs.replace(FIRST, holder="second")


@pytest.mark.contract
class EffectsContract(Contract):
    """Leases and results."""

    def test_whoever_claims_first_has_the_lease(self, ports: Ports) -> None:
        assert ports.effects.claim(FIRST, length=LONG) is None
        with pytest.raises(EffectInProgress) as raised:
            ports.effects.claim(SECOND, length=LONG)
        assert LONG - timedelta(minutes=5) < raised.value.after <= LONG

    def test_what_a_holder_claims_again_is_still_its_own(
        self, target: Target, ports: Ports
    ) -> None:
        assert ports.effects.claim(FIRST, length=SOON) is None
        assert ports.effects.claim(FIRST, length=LONG) is None
        target.wait(SOON + MOMENT)
        with pytest.raises(EffectInProgress):
            ports.effects.claim(SECOND, length=LONG)

    def test_a_result_is_what_everybody_gets_from_then_on(
        self, target: Target, ports: Ports
    ) -> None:
        ports.effects.claim(FIRST, length=SOON)
        assert ports.effects.finish(FIRST, b'{"receipt":"\xc3\xa6 1"}') is True
        for lease in (SECOND, FIRST):
            assert ports.effects.claim(lease, length=LONG) == b'{"receipt":"\xc3\xa6 1"}'
        target.wait(SOON + MOMENT)
        assert ports.effects.claim(SECOND, length=LONG) == b'{"receipt":"\xc3\xa6 1"}'

    def test_a_result_may_be_empty(self, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=LONG)
        assert ports.effects.finish(FIRST, b"") is True
        assert ports.effects.claim(SECOND, length=LONG) == b""

    def test_a_lease_ends_by_itself(self, target: Target, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=SOON)
        target.wait(SOON + MOMENT)
        assert ports.effects.claim(SECOND, length=LONG) is None
        with pytest.raises(EffectInProgress):
            ports.effects.claim(FIRST, length=LONG)

    def test_whoever_lost_the_lease_changes_nothing(self, target: Target, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=SOON)
        target.wait(SOON + MOMENT)
        ports.effects.claim(SECOND, length=LONG)
        assert ports.effects.finish(FIRST, b"1") is False
        ports.effects.release(FIRST)
        with pytest.raises(EffectInProgress):
            ports.effects.claim(msgspec.structs.replace(FIRST, holder="third"), length=LONG)
        assert ports.effects.finish(SECOND, b"2") is True
        assert ports.effects.finish(FIRST, b"1") is False
        assert ports.effects.claim(FIRST, length=LONG) == b"2"

    def test_a_lease_that_has_ended_and_that_nobody_has_taken_is_not_lost(
        self, target: Target, ports: Ports
    ) -> None:
        ports.effects.claim(FIRST, length=SOON)
        target.wait(SOON + MOMENT)
        assert ports.effects.finish(FIRST, b"1") is True
        assert ports.effects.claim(SECOND, length=LONG) == b"1"

    def test_a_released_lease_is_free(self, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=LONG)
        ports.effects.release(FIRST)
        assert ports.effects.claim(SECOND, length=LONG) is None
        assert ports.effects.finish(FIRST, b"1") is False

    def test_a_result_cannot_be_released(self, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=LONG)
        ports.effects.finish(FIRST, b"1")
        ports.effects.release(FIRST)
        assert ports.effects.claim(SECOND, length=LONG) == b"1"

    def test_what_was_never_claimed_cannot_be_finished_or_released(self, ports: Ports) -> None:
        ports.effects.release(FIRST)
        assert ports.effects.finish(FIRST, b"1") is False
        assert ports.effects.claim(SECOND, length=LONG) is None

    def test_effects_are_of_one_function_one_message_and_one_name(self, ports: Ports) -> None:
        leases = (
            FIRST,
            msgspec.structs.replace(FIRST, function="suite.other"),
            msgspec.structs.replace(FIRST, message="message-2"),
            msgspec.structs.replace(FIRST, message="suite.function@2026-11-25T14:00:00+00:00/1"),
            msgspec.structs.replace(FIRST, name="refund"),
        )
        for number, lease in enumerate(leases):
            assert ports.effects.claim(lease, length=LONG) is None
            assert ports.effects.finish(lease, f"{number}".encode()) is True
        assert [ports.effects.claim(lease, length=LONG) for lease in leases] == [
            b"0",
            b"1",
            b"2",
            b"3",
            b"4",
        ]

    def test_an_effect_and_the_mark_of_its_message_are_two_things(self, ports: Ports) -> None:
        mark = Mark(FIRST.function, FIRST.message)
        assert ports.effects.claim(FIRST, length=LONG) is None
        assert ports.transactions.commit([], mark) is True
        assert ports.effects.finish(FIRST, b"1") is True
        assert ports.transactions.commit([], mark) is False

    def test_of_many_that_claim_together_exactly_one_wins(self, ports: Ports) -> None:
        def claim(who: int) -> bool:
            try:
                return (
                    ports.effects.claim(
                        msgspec.structs.replace(FIRST, holder=f"{who}"), length=LONG
                    )
                    is None
                )
            except EffectInProgress:
                return False

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(24)))
        assert sum(won) == 1
        finished = [
            ports.effects.finish(msgspec.structs.replace(FIRST, holder=f"{who}"), b"1")
            for who in range(24)
        ]
        assert finished == won

    def test_64_kib_and_no_more(self, ports: Ports) -> None:
        ports.effects.claim(FIRST, length=LONG)
        with pytest.raises(LimitExceeded):
            ports.effects.finish(FIRST, b"1" * (limits.EFFECT_RESULT_BYTES + 1))
        largest = b"1" * limits.EFFECT_RESULT_BYTES
        assert ports.effects.finish(FIRST, largest) is True
        assert ports.effects.claim(SECOND, length=LONG) == largest

    def test_a_name_is_short_and_plain(self, ports: Ports) -> None:
        for name in ("", "a/b", "a b", "x" * 65, "æ", "a\n"):
            with pytest.raises(InvalidUse):
                ports.effects.claim(msgspec.structs.replace(FIRST, name=name), length=LONG)
        for name in ("x" * 64, "refund:line_1.A-b"):
            assert (
                ports.effects.claim(msgspec.structs.replace(FIRST, name=name), length=LONG) is None
            )
