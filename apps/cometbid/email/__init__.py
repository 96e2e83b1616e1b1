"""E-mail: a welcome for everybody who signs up, sent through a work queue of its own."""
