"""Loading: from `oort.toml` and declarations to a checked program."""
