"""The adapters of AWS and the entry of Lambda functions. Nothing here decides; `rules` do, and `runtime` calls handlers."""
