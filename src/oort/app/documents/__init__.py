"""Documents about a program: OpenAPI, AsyncAPI, contracts and exports."""
