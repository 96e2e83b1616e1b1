"""The ports on AWS services, a module for each port."""
