"""P23: in a batch, each message succeeds or fails by itself; what succeeded is not repeated."""

from collections import Counter
from datetime import timedelta

import msgspec

from oort import Can, Queue, Send, Service
from oort.testing import Platform

prints = Service("prints")
tries: Counter[int] = Counter()


class Page(msgspec.Struct):
    """A page to print."""

    number: int


@prints.queue("pages", attempts=3)
class Pages(Queue[Page, Can]):
    """Pages that wait."""


@prints.post("/", public=True, status=202)
def enqueue(pages: Pages[Send]) -> None:
    """Ten pages."""
    for number in range(10):
        pages.send(Page(number))


@prints.worker(Pages, batch=10)
def print_page(page: Page) -> None:
    """The third page fails once, the seventh always."""
    tries[page.number] += 1
    if page.number == 7 or (page.number == 3 and tries[3] == 1):
        raise RuntimeError("paper jam")


def test_two_of_ten_fail_and_only_those_are_tried_again() -> None:
    tries.clear()
    with Platform(prints, redeliver=False) as running:
        assert running.post("/prints").status == 202
        running.settle()
        assert tries == Counter(range(10))
        assert [page.number for page in running.waiting(Pages)] == [3, 7]
        running.advance(timedelta(hours=1))
        assert {number: count for number, count in tries.items() if count > 1} == {3: 2, 7: 3}
        assert [page.number for page in running.dead(Pages)] == [7]
        assert running.waiting(Pages) == []
