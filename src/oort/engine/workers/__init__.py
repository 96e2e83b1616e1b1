"""Worker processes: the handlers of a service run outside of the broker's process."""
