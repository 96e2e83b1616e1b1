"""Names of resources on AWS, and the statements of IAM."""
