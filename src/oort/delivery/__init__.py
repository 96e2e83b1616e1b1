"""Deliver a platform to AWS: package, compare with the stage, deploy, roll back.

Only `cli` prints.
"""
