"""Ships a platform to AWS: packages services, and beside that plans, judges and rolls back. It never prints; `cli` does."""
