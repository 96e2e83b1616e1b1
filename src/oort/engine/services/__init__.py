"""The engine's tables, queues, events, transactions and traces: the ports of the same names, on a `Store`."""
