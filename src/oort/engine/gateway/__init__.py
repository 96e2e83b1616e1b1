"""The HTTP gateway of the embedded engine."""
