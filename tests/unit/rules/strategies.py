"""Values for the property tests: JSON, keys, conditions, changes and every operation of the broker port."""

from hypothesis import strategies as st

from oort.model import items, operations
from oort.model.messages import Message

texts = st.text(max_size=8)
filled_texts = st.text(min_size=1, max_size=8)
wire_integers = st.integers(-(2**63), 2**64 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
ordinary_floats = floats.filter(lambda number: number == 0 or 1e-130 <= abs(number) < 1e126)
scalars = st.none() | st.booleans() | wire_integers | ordinary_floats | texts
values: st.SearchStrategy[items.Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
stored_items: st.SearchStrategy[items.Item] = st.dictionaries(texts, values, max_size=5)

key_parts: st.SearchStrategy[items.KeyPart] = filled_texts | wire_integers | ordinary_floats
table_keys: st.SearchStrategy[items.Key] = st.tuples(key_parts) | st.tuples(key_parts, key_parts)
paths = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple)

equals = st.builds(items.Equals, paths, values)
betweens = st.builds(items.Between, paths, key_parts, key_parts)
conditions: st.SearchStrategy[items.Condition] = st.recursive(
    equals | betweens,
    lambda inner: st.builds(items.All, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=5,
)
number_bounds = st.builds(
    items.Bounds, ge=st.none() | st.integers(-50, 0), le=st.none() | st.integers(1, 2000)
)
changes: st.SearchStrategy[items.Change] = (
    st.builds(items.SetTo, paths, values)
    | st.builds(
        items.AddTo, paths, st.integers(-1000, 1000) | ordinary_floats, st.none() | number_bounds
    )
    | st.builds(items.AppendTo, paths, st.lists(values, max_size=3), st.none() | st.integers(3, 9))
    | st.builds(items.Remove, paths)
)

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
maybe_conditions = st.none() | conditions
bounds = st.none() | key_parts
cursors = st.none() | texts
puts = st.builds(operations.PutItem, texts, stored_items, st.booleans(), maybe_conditions)
updates = st.builds(
    operations.UpdateItem,
    texts,
    table_keys,
    st.lists(changes, max_size=3).map(tuple),
    st.none() | stored_items,
    maybe_conditions,
)
deletes = st.builds(operations.DeleteItem, texts, table_keys, maybe_conditions)
checks = st.builds(operations.CheckItem, texts, table_keys, conditions)
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
    | st.builds(operations.GetItem, texts, table_keys)
    | st.builds(operations.GetItems, texts, st.lists(table_keys, max_size=3).map(tuple))
    | st.builds(
        operations.QueryIndex,
        texts,
        texts,
        key_parts,
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
    st.builds(operations.Found, st.none() | stored_items)
    | st.builds(operations.Listed, st.lists(stored_items, max_size=3), cursors)
    | st.builds(operations.Done, st.booleans())
    | st.builds(operations.Answered, st.binary(max_size=20))
    | st.builds(operations.Objected, st.integers(400, 499), texts, texts, st.binary(max_size=20))
    | st.builds(operations.Happened, st.binary(max_size=20))
    | st.builds(operations.Revealed, texts)
    | st.builds(operations.Refused, texts, texts, st.integers(0, 99), floats)
)
