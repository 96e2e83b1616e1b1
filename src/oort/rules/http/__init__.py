"""Requests: routes, access, rates and the headers of replies."""
