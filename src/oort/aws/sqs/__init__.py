"""Requests to SQS and its answers."""
