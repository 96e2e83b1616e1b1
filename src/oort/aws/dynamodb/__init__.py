"""Requests to DynamoDB and its answers."""
