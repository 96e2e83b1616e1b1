"""Documents that are made of a program: OpenAPI, AsyncAPI, contracts and exports."""
