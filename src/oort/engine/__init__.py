"""The embedded engine: the platform on one machine.

Only composition roots import it; all other code knows its ports.
"""
