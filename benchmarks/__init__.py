"""`make bench`: one module a claim, each against a named rival in the same run; floors.toml says what must hold."""
