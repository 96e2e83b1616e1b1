"""Types of values: their JSON Schemas, their validation, and examples of them."""
