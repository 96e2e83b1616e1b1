"""Values for the property tests: JSON, keys, conditions, changes and every operation of the broker port.

msgpack has no Decimals: what crosses the wire here is drawn without them.
"""

from decimal import Context, Decimal

from hypothesis import strategies as st

from oort.model import items, operations
from oort.model.messages import Message
from oort.rules.types import numbers

WIDE = Context(prec=60)

texts = st.text(max_size=8)
filled_texts = st.text(min_size=1, max_size=8)
wire_integers = st.integers(-(2**63), 2**64 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
ordinary_floats = floats.filter(lambda number: number == 0 or 1e-130 <= abs(number) < 1e126)
# Numbers of 38 digits at most; half of them have more digits than a float.
decimals = st.builds(
    lambda digits, exponent: numbers.narrowed(Decimal(digits).scaleb(exponent, WIDE)),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-40, 10),
)
wire_scalars = st.none() | st.booleans() | wire_integers | ordinary_floats | texts


def nested(scalars: st.SearchStrategy[items.Value]) -> st.SearchStrategy[items.Value]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


wire_values = nested(wire_scalars)
values = nested(wire_scalars | decimals)
wire_items: st.SearchStrategy[items.Item] = st.dictionaries(texts, wire_values, max_size=5)
stored_items: st.SearchStrategy[items.Item] = st.dictionaries(texts, values, max_size=5)

wire_key_parts: st.SearchStrategy[items.KeyPart] = filled_texts | wire_integers | ordinary_floats
key_parts = wire_key_parts | decimals
table_keys: st.SearchStrategy[items.Key] = st.tuples(key_parts) | st.tuples(key_parts, key_parts)
wire_keys: st.SearchStrategy[items.Key] = st.tuples(wire_key_parts) | st.tuples(
    wire_key_parts, wire_key_parts
)
paths = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple)


def conditions_on(
    values: st.SearchStrategy[items.Value], parts: st.SearchStrategy[items.KeyPart]
) -> st.SearchStrategy[items.Condition]:
    equals = st.builds(items.Equals, paths, values, st.none() | texts)
    betweens = st.builds(items.Between, paths, parts, parts)
    return st.recursive(
        equals | betweens,
        lambda inner: st.builds(items.All, st.lists(inner, max_size=3).map(tuple)),
        max_leaves=5,
    )


wire_conditions = conditions_on(wire_values, wire_key_parts)
conditions = conditions_on(values, key_parts)
number_bounds = st.builds(
    items.Bounds, ge=st.none() | st.integers(-50, 0), le=st.none() | st.integers(1, 2000)
)
amounts = st.integers(-1000, 1000) | ordinary_floats


def changes_to(
    values: st.SearchStrategy[items.Value], amounts: st.SearchStrategy[items.Number]
) -> st.SearchStrategy[items.Change]:
    return (
        st.builds(items.SetTo, paths, values)
        | st.builds(items.AddTo, paths, amounts, st.none() | number_bounds, st.booleans())
        | st.builds(
            items.AppendTo, paths, st.lists(values, max_size=3), st.none() | st.integers(3, 9)
        )
        | st.builds(items.Remove, paths)
    )


wire_changes = changes_to(wire_values, amounts)
changes = changes_to(values, amounts | decimals)

messages = st.builds(
    Message,
    id=texts,
    name=texts,
    body=st.binary(max_size=20),
    version=st.integers(1, 9),
    key=texts,
    traceparent=texts,
    sent=floats,
)
maybe_conditions = st.none() | wire_conditions
bounds = st.none() | wire_key_parts
cursors = st.none() | texts
puts = st.builds(operations.PutItem, texts, wire_items, st.booleans(), maybe_conditions)
updates = st.builds(
    operations.UpdateItem,
    texts,
    wire_keys,
    st.lists(wire_changes, max_size=3).map(tuple),
    st.none() | wire_items,
    maybe_conditions,
)
deletes = st.builds(operations.DeleteItem, texts, wire_keys, maybe_conditions)
checks = st.builds(operations.CheckItem, texts, wire_keys, wire_conditions)
sends = st.builds(operations.SendMessage, texts, messages, floats)
publishes = st.builds(operations.PublishEvent, texts, messages)
writes: st.SearchStrategy[operations.Write] = puts | updates | deletes | checks | sends | publishes
commits = st.builds(
    operations.Commit,
    st.lists(writes, max_size=4).map(tuple),
    st.none() | st.builds(operations.Mark, texts, texts),
)
leases = st.builds(operations.Lease, texts, texts, texts, texts)
all_operations: st.SearchStrategy[operations.Operation] = (
    writes
    | commits
    | st.builds(operations.ClaimEffect, leases, floats)
    | st.builds(operations.FinishEffect, leases, st.binary(max_size=20))
    | st.builds(operations.ReleaseEffect, leases)
    | st.builds(operations.CallFunction, texts, st.binary(max_size=20), texts)
    | st.builds(operations.ReadSecret, texts)
    | st.builds(operations.GetItem, texts, wire_keys)
    | st.builds(operations.GetItems, texts, st.lists(wire_keys, max_size=3).map(tuple))
    | st.builds(
        operations.QueryIndex,
        texts,
        texts,
        wire_key_parts,
        bounds,
        bounds,
        st.booleans(),
        st.integers(1, 1000),
        cursors,
        st.none() | texts,
        maybe_conditions,
    )
    | st.builds(operations.ScanTable, texts, st.integers(1, 1000), cursors, maybe_conditions)
)
all_results: st.SearchStrategy[operations.Result] = (
    st.builds(operations.Found, st.none() | wire_items)
    | st.builds(operations.Listed, st.lists(wire_items, max_size=3), cursors)
    | st.builds(operations.Done, st.booleans())
    | st.builds(operations.Answered, st.binary(max_size=20))
    | st.builds(operations.Objected, st.integers(400, 499), texts, texts, st.binary(max_size=20))
    | st.builds(operations.Happened, st.binary(max_size=20))
    | st.builds(operations.Revealed, texts)
    | st.builds(operations.Refused, texts, texts, st.integers(0, 99), floats)
)
