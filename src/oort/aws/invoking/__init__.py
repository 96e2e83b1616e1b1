"""One invocation of a Lambda function, from its event to its answer."""
