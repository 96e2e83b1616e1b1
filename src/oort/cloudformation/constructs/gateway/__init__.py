"""Parts of an API of API Gateway: its answers to browsers and to errors, and its log."""
