"""`oort contracts`: check, lock, compare, export and catalog."""
