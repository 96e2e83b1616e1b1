"""The embedded engine: the whole platform on one machine. Only composition roots name it; everybody else knows its ports."""
