"""Output in a terminal: tables, traces, findings and log lines."""
