"""Schemas of events, and the entries of registries made of them."""
