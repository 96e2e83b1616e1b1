"""Composition: the only modules of the command line that name adapters."""
