"""Bodies of messages: JSON that means one thing, or a reason to park them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import NotUnderstood
from oort.model.messages import Message, Reason
from oort.rules.messaging import bodies

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def reason(body: bytes) -> Reason | None:
    """Why the body is parked; None if it is not."""
    try:
        bodies.check(Message(id="1", name="shop.sold", body=body))
    except NotUnderstood as error:
        return error.fault.reason if error.fault.detail.startswith("shop.sold 1 ") else None
    return None


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_of_others_is_read_however_it_is_written(
    value: object, indent: int | None, ascii_: bool
) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_).encode(errors="surrogatepass")
    assert reason(body) in {None, Reason.MALFORMED}  # lone surrogates have no form in UTF-8
    if "\\ud" not in json.dumps(value):
        assert reason(body) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", Reason.MALFORMED),
        (b"garbage", Reason.MALFORMED),
        (b'{"id":', Reason.MALFORMED),
        (b'{"id":1}}', Reason.MALFORMED),
        (b'{"id":NaN}', Reason.MALFORMED),
        (b'{"id":"\xff"}', Reason.MALFORMED),
        ('{"id":"é"}'.encode("latin-1"), Reason.MALFORMED),
        ('{"id":1}'.encode("utf-16"), Reason.MALFORMED),
        (b"[" * 100_000 + b"]" * 100_000, Reason.TOO_DEEP),
        (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, Reason.TOO_DEEP),
        (b'"' + b"x" * limits.MESSAGE_BYTES + b'"', Reason.TOO_LARGE),
        (b"x" * 1024 * 1024, Reason.TOO_LARGE),
        (b'{"id":1,"id":1}', Reason.REPEATED_NAME),
        (b'{"a":[{"id":1,"x":{},"id":2}]}', Reason.REPEATED_NAME),
        (b'{"id":1,"i\\u0064":1}', Reason.REPEATED_NAME),
        (b'{"a":"\\u003a","a":"\\u003A"}', Reason.REPEATED_NAME),
        (b'{"a":"\\\\u003a:"}', None),
        (b'{"a\\u003A":"\\\\\\u003a:\\u003b"}', None),
    ],
)
def test_what_means_nothing_or_two_things_has_a_reason(body: bytes, why: Reason | None) -> None:
    assert reason(body) is why


def test_a_body_that_was_checked_is_not_read_again() -> None:
    bodies.check(Message(id="1", name="shop.sold", body=b'{"id":1,"id":1}', checked=True))


@given(st.binary(max_size=20) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_readable_body_is_one_that_only_a_repeated_name_can_park(body: bytes) -> None:
    assert bodies.is_readable(body) is (reason(body) in {None, Reason.REPEATED_NAME})


NAMES = st.text(':\\\\ua03"é', max_size=3)


@given(st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=4), st.booleans())
def test_a_repeated_name_is_found_however_its_texts_are_written(
    members: list[tuple[str, str, bool]], inner: bool
) -> None:
    def written(text: str, escaped: bool) -> str:
        return json.dumps(text).replace(":", "\\u003a") if escaped else json.dumps(text)

    body = "{" + ", ".join(f"{written(n, e)} :{written(t, e)}" for n, t, e in members) + "}"
    body = f'{{"x:": [{body}, 1.50]}}' if inner else body
    names = [name for name, _, _ in members]
    data = body.encode()
    repeats = bodies.repeats_a_name(data, msgspec.json.decode(data))
    assert repeats is (len(set(names)) < len(names))


def test_a_wide_object_costs_no_more_for_its_repeated_name() -> None:
    wide = "{" + ",".join(f'"n{number}":1' for number in range(15_000)) + ',"n1":1}'
    assert bodies.named(wide.encode()) == "'n1'"
    assert bodies.named(b"[" + wide.encode() + b" " * limits.MESSAGE_BYTES + b"]") == "a member"


def test_depth_that_python_does_not_follow_is_no_repeated_name() -> None:
    deep = b"[ " * 900 + b"]" * 900
    assert reason(deep) in {None, Reason.TOO_DEEP}
    assert bodies.named_twice("[" * 200_000) is None
    assert bodies.named_twice("1" * 5000) is None
