"""Processes that are killed: what is started, loaded, killed and counted. The scenarios that use it say what must hold."""
