"""The ports of a target, one Protocol a file.

The docstrings are the contract that `oort.testing.port_suites` checks.
"""
