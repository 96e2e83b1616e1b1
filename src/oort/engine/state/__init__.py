"""The state folder on disk, and the keys of its store."""
