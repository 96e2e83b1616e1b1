"""What users write: resources, handlers and the service that holds them. It records the program; it never runs it."""
