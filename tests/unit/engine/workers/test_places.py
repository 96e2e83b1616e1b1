"""The places for worker processes: their limit, and the places that are kept."""

from oort.engine.workers.places import Places


class Processes:
    """The processes of a version."""

    def __init__(self, count: int, *, without: int = 0, spare: float | None = None) -> None:
        self.number = count
        self._without = without
        self.spare = spare
        self.retired = 0

    def count(self) -> int:
        """See `Holder`."""
        return self.number

    def without(self) -> int:
        """See `Holder`."""
        return self._without

    def spare_since(self) -> float | None:
        """See `Holder`."""
        return self.spare

    def retire(self) -> bool:
        """See `Holder`."""
        self.retired += 1
        return True


def places(most: int, *holders: Processes) -> Places:
    """The places of these versions."""
    made = Places(most)
    for holder in holders:
        made.join(holder)
    return made


def test_all_versions_count_together() -> None:
    one, other = Processes(2), Processes(1)
    assert places(4, one, other).is_free(is_first=False)
    shared = places(3, one, other)
    assert not shared.is_free(is_first=False)
    shared.leave(other)
    shared.leave(other)
    assert shared.is_free(is_first=False)


def test_a_service_without_a_process_has_its_place() -> None:
    shared = places(3, Processes(2, without=1))
    assert not shared.is_free(is_first=False)
    assert shared.is_free(is_first=True)


def test_the_spare_process_that_has_been_idle_the_longest_makes_room() -> None:
    one, other = Processes(2, spare=7.0), Processes(2, spare=5.0)
    assert places(4, one, other, Processes(0)).is_free(is_first=True)
    assert (one.retired, other.retired) == (0, 1)


def test_no_process_ends_for_a_spare_one() -> None:
    one = Processes(4, spare=7.0)
    assert not places(4, one).is_free(is_first=False, is_spare=True)
    assert one.retired == 0
    assert places(5, one).is_free(is_first=False, is_spare=True)
