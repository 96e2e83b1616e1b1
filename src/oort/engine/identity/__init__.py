"""The local issuer of tokens, and API keys."""
