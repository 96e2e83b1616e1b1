"""Run a handler for an invocation. The embedded engine and Lambda use the same code."""
