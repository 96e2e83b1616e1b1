"""The durable store: one SQLite file behind `Store`. Services speak SQL through a `Session`; nobody else does."""
