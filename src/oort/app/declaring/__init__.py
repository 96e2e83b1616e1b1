"""Declarations on a service, and the signatures of handlers."""
