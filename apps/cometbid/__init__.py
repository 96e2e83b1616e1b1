"""Cometbid, the reference platform: what happens when somebody signs up."""
