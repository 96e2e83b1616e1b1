"""Data types of a deployment: stages, packages and stacks."""
