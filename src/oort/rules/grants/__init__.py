"""The IAM statements and the graph edge of each kind of grant: a module for each kind.

`selection` chooses the module.
"""
