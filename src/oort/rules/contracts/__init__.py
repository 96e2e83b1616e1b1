"""Contracts and the changes to them: what a lock holds next, and what a change would break. Pure; `delivery` has the files."""
