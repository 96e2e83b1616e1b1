"""Invocations of a Lambda function, a module for each trigger."""
