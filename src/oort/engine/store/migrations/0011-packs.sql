-- A row holds the spans of many invocations: a pack. `trace` holds the ids of their traces, 32 characters
-- each, and `seq` counts the ids of all rows so far. A trace is looked for by reading the ids of all rows,
-- so they need no index: each of its entries cost a page of the log of writes.
DROP INDEX segments_trace;
