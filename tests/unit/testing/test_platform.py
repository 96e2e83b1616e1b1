"""The test kit's platform: time, deliveries, what it shows, and how it says that it was asked for the wrong thing."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from oort import (
    Can,
    Context,
    Event,
    Principal,
    Publish,
    Put,
    Query,
    Queue,
    Send,
    Service,
    Table,
    atomic,
    event,
    upcast,
)
from oort.app.handles.tables import Index
from oort.model.errors import DidNotSettle, InvalidUse, NotFoundHere
from oort.testing import Platform

post = Service("post")


class Letter(msgspec.Struct):
    """A letter."""

    id: str
    to: str = "ada"


@post.table("letters", key="id")
class Letters(Table[str, Letter, Can]):
    """What arrived."""

    by_reader = Index[str, None]("to")


@post.queue("bag", attempts=2)
class Bag(Queue[Letter, Can]):
    """What is on its way."""


@post.queue("echo")
class Echo(Queue[Letter, Can]):
    """A queue that feeds itself."""


@event("post.arrived", version=1, key="id")
class ArrivedV1(Event):
    """Older."""

    id: str


@event("post.arrived", version=2, key="id")
class Arrived(Event):
    """A letter arrived."""

    id: str
    at: float


@upcast
def timed(old: ArrivedV1) -> Arrived:
    """At no time."""
    return Arrived(id=old.id, at=0.0)


class Van:
    """A port."""

    def __init__(self, name: str = "real") -> None:
        self.name = name
        self.trips: list[tuple[str, int]] = []

    def drive(self, id: str, attempt: int) -> None:
        """Drive."""
        self.trips.append((id, attempt))


class Broken(Van):
    """Does not drive."""

    def drive(self, id: str, attempt: int) -> None:
        """Stand still."""
        super().drive(id, attempt)
        raise OSError("flat tyre")


REAL = Van()


@post.provide
def van() -> Van:
    """The real one."""
    return REAL


@post.post("/", public=True)
def bring(body: Letter, bag: Bag[Send], delay: int = 0) -> None:
    """Bring a letter."""
    bag.send(body, delay=timedelta(seconds=delay))


@post.post("/echo", public=True)
def shout(echo: Echo[Send]) -> None:
    """Shout."""
    echo.send(Letter("e"))


@post.worker(Echo)
def answer(letter: Letter, echo: Echo[Send]) -> None:
    """For ever."""
    echo.send(letter)


@post.worker(Bag)
def deliver(
    letter: Letter, ctx: Context, van: Van, letters: Letters[Put], out: Publish[Arrived]
) -> None:
    """Deliver a letter."""
    van.drive(letter.id, ctx.attempt)
    with atomic() as tx:
        tx.put(letters, letter)
        tx.publish(out, Arrived(id=letter.id, at=ctx.now.timestamp()))


@post.on(Arrived)
def note(event: Arrived, letters: Letters[Put]) -> None:
    """Fails for one."""
    if event.id == "bad":
        raise ValueError("no such letter")


@post.get("/letters/{reader}", public=True)
def of_reader(reader: str, letters: Letters[Query]) -> list[str]:
    """Whose."""
    return [letter.id for letter in letters.query(Letters.by_reader, reader).items]


@post.get("/me")
def me(who: Principal) -> list[str]:
    """Who."""
    return [who.id, *sorted(who.groups)]


@post.put("/raw", public=True)
def raw(body: Letter | None = None) -> str:
    """Whether there was a body."""
    return "none" if body is None else body.id


@post.patch("/raw", public=True)
def patched(body: Letter) -> str:
    """The other method."""
    return body.to


OTHER = Service("other")


@OTHER.queue("elsewhere")
class Elsewhere(Queue[Letter, Can]):
    """Of another service."""


@OTHER.table("things", key="id")
class Things(Table[str, Letter, Can]):
    """Of another service."""


@event("other.happened", version=1, key="id")
class Happened(Event):
    """Of another service."""

    id: str


@pytest.fixture
def running() -> Iterator[Platform]:
    with Platform(post) as made:
        yield made


def use(running: Platform, van: Van) -> None:
    """Drive this one from now on."""

    def provided() -> Van:
        return van

    running.provide(provided)


# -- deliveries and time


def test_nothing_happens_by_itself_and_settle_does_it_all(running: Platform) -> None:
    running.post("/post", Letter("1"))
    assert running.waiting(Bag) == [Letter("1")]
    assert running.items(Letters) == []
    running.settle()
    assert running.waiting(Bag) == []
    assert running.items(Letters) == [Letter("1")]
    assert [one.id for one in running.published(Arrived)] == ["1"]
    running.settle()  # nothing more
    assert [one.id for one in running.published(Arrived)] == ["1"]


def test_what_succeeds_is_handed_over_twice_unless_switched_off() -> None:
    for redeliver, attempts in ((True, [1, 2]), (False, [1])):
        with Platform(post, redeliver=redeliver) as running:
            mine = Van()
            use(running, mine)
            running.post("/post", Letter("1"))
            running.settle()
            assert [attempt for _, attempt in mine.trips] == attempts


def test_a_failed_delivery_waits_for_advance_and_dies_after_its_attempts(running: Platform) -> None:
    broken = Broken()
    use(running, broken)
    running.post("/post", Letter("1"))
    running.settle()
    assert (broken.trips, running.waiting(Bag), running.dead(Bag)) == (
        [("1", 1)],
        [Letter("1")],
        [],
    )
    running.settle()
    assert broken.trips == [("1", 1)]
    running.advance(timedelta(seconds=2))
    assert broken.trips == [("1", 1), ("1", 2)]
    assert (running.waiting(Bag), running.dead(Bag)) == ([], [Letter("1")])
    (letter,) = running.dead_letters(Bag)
    assert (letter.attempts, letter.error.splitlines()[0]) == (2, "OSError: flat tyre")
    assert [report.failure.error for report in running.failures() if report.failure] == [
        "OSError: flat tyre"
    ] * 2


def test_redrive_gives_fresh_attempts(running: Platform) -> None:
    use(running, Broken())
    running.post("/post", Letter("1"))
    running.advance(timedelta(hours=1))
    mine = Van()
    use(running, mine)
    assert running.redrive(Bag) == 1
    assert running.redrive(Bag) == 0
    running.settle()
    assert (mine.trips[0], running.dead(Bag), running.items(Letters)) == (
        ("1", 1),
        [],
        [Letter("1")],
    )


def test_a_delayed_message_comes_when_its_time_has_come(running: Platform) -> None:
    running.post("/post?delay=60", Letter("1"))
    running.advance(timedelta(seconds=59))
    assert running.items(Letters) == []
    running.advance(timedelta(seconds=1))
    assert running.items(Letters) == [Letter("1")]


def test_time_stands_where_advance_left_it(running: Platform) -> None:
    for _ in range(3):
        running.advance(timedelta(minutes=10))
        running.post("/post", Letter("1"))
        running.settle()
    first, *_, last = (one.at for one in running.published(Arrived))
    assert 1200 <= last - first <= 1202


def test_what_feeds_itself_does_not_settle() -> None:
    with Platform(post, most=50) as running:
        running.post("/post/echo")
        with pytest.raises(
            DidNotSettle,
            match=r"did not settle in 50 deliveries; the last were to post\.echo\. Look for a consumer",
        ):
            running.settle()


def test_an_index_lags_until_the_platform_has_settled() -> None:
    lagging = 0
    for seed in range(5):
        with Platform(post, seed=seed) as running:
            running.post("/post", Letter("1"))
            running._drain()
            lagging += running.get("/post/letters/ada").json() == []
            running.settle()
            assert running.get("/post/letters/ada").json() == ["1"]
    assert lagging  # at least one of five


def test_a_seed_makes_a_run_repeatable_and_another_one_another_run() -> None:
    def run(seed: int) -> list[object]:
        with Platform(post, seed=seed) as running:
            use(running, Broken())
            for name in "abc":
                running.post("/post", Letter(name))
            running.advance(timedelta(hours=1))
            reply = running.get("/post/letters/ada")
            return [
                [(one.delivery.message.id, one.retry) for one in running.failures()],
                reply.trace,
            ]

    assert run(1) == run(1)
    assert run(1) != run(2)


# -- what it shows


def test_published_by_the_test_reaches_its_subscribers(running: Platform) -> None:
    running.publish(Arrived(id="bad", at=1.0))
    running.settle()
    assert running.published(Arrived) == [Arrived(id="bad", at=1.0)]
    running.advance(timedelta(hours=1))
    assert [one.attempts for one in running.dead_letters(note)] == [5]
    assert running.redrive(note) == 1


def test_published_shows_the_version_of_the_class_that_it_is_asked_for(running: Platform) -> None:
    running.publish(ArrivedV1(id="old"))
    running.publish(Arrived(id="new", at=1.0))
    running.settle()
    assert [one.id for one in running.published(ArrivedV1)] == ["old"]
    assert [one.id for one in running.published(Arrived)] == ["new"]
    assert running.failures() == []  # the subscriber got it converted


def test_all_items_are_shown_however_many_there_are(running: Platform) -> None:
    for number in range(250):
        running.post("/post", Letter(f"{number:03}"))
    running.settle()
    assert [letter.id for letter in running.items(Letters)] == [
        f"{number:03}" for number in range(250)
    ]


def test_requests_carry_callers_bodies_and_headers(running: Platform) -> None:
    assert running.get("/post/me").status == 401
    assert running.get("/post/me", as_="ada", groups=["b", "a"]).json() == ["ada", "a", "b"]
    assert running.get("/post/me", groups=["a"]).json() == ["somebody", "a"]
    assert running.put("/post/raw").json() == "none"
    assert running.put("/post/raw", {"id": "7"}).json() == "7"
    assert running.put("/post/raw", b'{"id": "8"}').json() == "8"
    assert (
        running.request("PUT", "/post/raw", b"x", headers={"Content-Type": "text/plain"}).status
        == 415
    )
    assert running.put("/post/raw", b" " * 6_291_457).status == 413
    assert running.patch("/post/raw", Letter("7", "eve")).json() == "eve"
    assert running.delete("/post/raw").status == 405


def test_a_reply_shows_itself(running: Platform) -> None:
    reply = running.put("/post/raw", {"id": "7"})
    assert repr(reply) == """<Response 200 b'"7"'>"""
    assert reply.into(str) == "7"
    with pytest.raises(msgspec.ValidationError):
        reply.into(int)
    assert running.post("/post", Letter("1")).json() is None
    assert {span.trace for span in running.spans(reply.trace)} == {reply.trace}


# -- asked for the wrong thing


def test_a_factory_that_says_not_what_it_makes_is_refused(running: Platform) -> None:
    with pytest.raises(InvalidUse, match=r"def broken\(\) -> Sender"):
        running.provide(lambda: Van("mine"))


def test_a_factory_of_what_nobody_asks_for_is_refused(running: Platform) -> None:
    def typo() -> Letter:
        return Letter("1")

    with pytest.raises(InvalidUse, match="No service provides Letter"):
        running.provide(typo)


def test_a_generator_takes_the_place_of_a_provider_and_is_closed(running: Platform) -> None:
    log: list[str] = []

    def opened() -> Iterator[Van]:
        yield Van("mine")
        log.append("closed")

    running.provide(opened)
    running.post("/post", Letter("1"))
    running.settle()
    assert log == []
    running.provide(van)
    assert log == ["closed"]


def test_what_is_not_part_of_the_platform_says_so(running: Platform) -> None:
    for attempt in (
        lambda: running.items(Things),
        lambda: running.waiting(Elsewhere),
        lambda: running.dead(Elsewhere),
        lambda: running.redrive(Elsewhere),
        lambda: running.published(Happened),
    ):
        with pytest.raises(
            NotFoundHere, match=r"is not part of this platform\. Pass its service to Platform"
        ):
            attempt()


def test_a_function_without_a_queue_has_no_dead_letters(running: Platform) -> None:
    for source in (bring, van, print):
        with pytest.raises(NotFoundHere, match="Name a queue class, or the handler of an event"):
            running.dead_letters(source)


def test_the_same_service_runs_in_as_many_platforms_as_you_like() -> None:
    with Platform(post) as one, Platform(post) as two:
        one.post("/post", Letter("1"))
        one.settle()
        two.settle()
        assert len(one.items(Letters)) == 1
        assert two.items(Letters) == []


def test_the_model_is_there_to_look_at(running: Platform) -> None:
    assert "post.deliver" in {function.name for function in running.model.functions}
