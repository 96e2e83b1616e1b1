"""The ports on the services of AWS, one file a port."""
