"""The language of services: resources, handles, handlers and their declarations.

This package records and checks a program. It does not run handlers.
"""
