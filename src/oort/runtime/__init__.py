"""One invocation to one handler call. The same code runs in the embedded engine and in Lambda."""
