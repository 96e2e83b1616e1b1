"""Rows of the store: items, entries of indexes, and messages.

The services share these functions.
"""
