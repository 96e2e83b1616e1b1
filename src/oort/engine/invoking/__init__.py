"""Invokes functions: requests, calls and deliveries."""
