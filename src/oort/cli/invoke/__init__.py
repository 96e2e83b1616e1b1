"""Parts of `oort invoke`."""
