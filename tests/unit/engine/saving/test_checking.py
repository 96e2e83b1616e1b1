"""The check of a store: damaged pages, rows of queues that cannot be, and other programs."""

from pathlib import Path

import pytest

from oort.engine.rows import messages
from oort.engine.saving import checking
from oort.engine.store import schema
from oort.engine.store.session import Value
from oort.engine.store.store import connect, unlocked
from oort.model.errors import StateUnusable
from oort.model.messages import Message

ADD = (
    "INSERT INTO messages(queue, sent, visible, attempts, leased, interrupted, payload)"
    " VALUES('q', 0, 0, ?, ?, ?, ?)"
)
PAYLOAD = messages.packed(Message(id="1", name="m", body=b"1"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "oort.db"
    connect(path).close()
    return path


def change(path: Path, sql: str, *values: Value) -> None:
    connection = unlocked(path, None)
    connection.execute(sql, values)
    connection.close()


def problems(path: Path) -> list[str]:
    return checking.problems(path, key=None)


def test_a_state_in_order_has_no_problems(path: Path) -> None:
    for attempts, leased in ((0, 0), (3, 1), (3, 0)):
        change(path, ADD, attempts, leased, 1, PAYLOAD)
    assert problems(path) == []
    assert checking.version(path, key=None) == schema.VERSION


@pytest.mark.parametrize(("attempts", "leased"), [(-1, 0), (0, 1), (1, 2)])
def test_a_lease_or_a_count_that_cannot_be(path: Path, attempts: int, leased: int) -> None:
    change(path, ADD, attempts, leased, 0, PAYLOAD)
    (problem,) = problems(path)
    assert problem == "Message 1 of q has an impossible lease or number of attempts."


def test_a_number_that_will_be_given_again(path: Path) -> None:
    change(path, ADD, 0, 0, 0, PAYLOAD)
    change(path, "UPDATE sqlite_sequence SET seq = 0")
    assert problems(path) == ["Message 1 has a number that will be given again."]


def test_messages_that_cannot_be_read_are_counted_up_to_a_limit(path: Path) -> None:
    for _ in range(50):
        change(path, ADD, 0, 0, 0, b"\xff")
    found = problems(path)
    assert len(found) == 20
    assert found[0].startswith("Entry 1 of q in messages cannot be read:")


def test_a_damaged_page_is_a_problem_and_no_defect(path: Path) -> None:
    for _ in range(200):
        change(path, ADD, 0, 0, 0, PAYLOAD + bytes(1_000))
    change(path, "PRAGMA journal_mode = DELETE")
    with path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096)
    assert problems(path)
    path.write_bytes(path.read_bytes()[:20_000])
    assert problems(path)
    path.write_bytes(b"something else, and long enough to be a page" * 200)
    assert problems(path)


def test_a_newer_state_is_no_damage(path: Path) -> None:
    change(path, "PRAGMA user_version = 999")
    with pytest.raises(StateUnusable, match="has version 999"):
        problems(path)


def test_an_older_state_is_checked_page_by_page_only(path: Path) -> None:
    change(path, "DROP TABLE parked")
    change(path, "PRAGMA user_version = 3")
    assert problems(path) == []
