"""The adapters of AWS and the entry of Lambda functions.

They decide nothing: `rules` decide, and `runtime` calls handlers.
"""
