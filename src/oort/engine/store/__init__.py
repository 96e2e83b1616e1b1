"""The durable store: one SQLite file behind `Store`. Only services use SQL, through a `Session`."""
