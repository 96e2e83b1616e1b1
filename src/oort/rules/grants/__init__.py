"""A grant of each kind as IAM statements and as an edge of the graph: one file a kind, chosen in `selection`."""
