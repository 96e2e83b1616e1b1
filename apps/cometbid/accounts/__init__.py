"""Accounts: sign up, read, change the e-mail address, close."""
