"""Classes that users subclass or receive in a handler: resources, events, calls and values."""
