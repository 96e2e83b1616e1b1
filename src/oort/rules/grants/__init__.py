"""The IAM statements and the graph's edge of each kind of grant: a
file a kind, chosen in `selection`.
"""
