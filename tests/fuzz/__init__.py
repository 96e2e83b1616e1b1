"""Requests drawn from the API document, against a platform that notes which of them reached a handler."""
