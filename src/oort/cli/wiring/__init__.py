"""The composition root: modules that create adapters for the commands."""
