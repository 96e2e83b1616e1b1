"""The lock files of a platform, together."""

from oort.model.contracts import ApiLock, DataForm, DataLock, EventLock, Locks, Revision
from oort.model.resources import Kind

EVENT = EventLock(
    event="shop.sold", version=1, compatible=1, revision=Revision("a", "id", {}, {}), examples=()
)
API = ApiLock("shop", "a", {})
DATA = DataLock(kind=Kind.TABLE, name="shop.rows", form=DataForm(1, "a", {}, {}))


def test_locks_are_replaced_by_those_of_the_same_contract() -> None:
    assert not Locks()
    whole = Locks().replaced([EVENT, API, DATA])
    assert whole.all() == (EVENT, API, DATA)
    newer = ApiLock("shop", "b", {})
    again = whole.replaced([newer])
    assert again.all() == (EVENT, newer, DATA)
    assert whole.all() == (EVENT, API, DATA)
    assert again
