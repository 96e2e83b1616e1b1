"""The engine's tables, queues, topics, transactions and traces: the ports of the same names, on a `Store`."""
