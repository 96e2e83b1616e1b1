"""What Oort promises, one file a promise, through the public API."""
