"""Constructs: each module turns a part of the model into resources with safe settings.

A construct does not know the inside of another construct.
"""
