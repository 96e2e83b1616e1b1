"""Rules for contracts: the next content of the lock files, and breaking changes. No file access."""
