"""Nouns of a deployment: stages, packages and stacks."""
