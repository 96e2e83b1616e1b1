"""Versions of a platform that are live at once."""
