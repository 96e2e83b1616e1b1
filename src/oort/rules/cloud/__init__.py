"""Names of resources on AWS, and the names shared by templates and functions."""
