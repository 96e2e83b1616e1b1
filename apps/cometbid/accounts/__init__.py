"""Accounts: sign up, read, change the e-mail address, close."""

from cometbid.accounts import http as http
from cometbid.accounts.store import accounts

__all__ = ["accounts"]
