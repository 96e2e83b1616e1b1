"""Loads a program from its packages, and collects its mistakes."""
