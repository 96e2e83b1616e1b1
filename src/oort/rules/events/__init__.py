"""Schemas of events, and their entries in a schema registry."""
