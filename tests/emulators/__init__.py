"""Emulators of AWS for the contract suites: their lock, and what starts and ends them."""
