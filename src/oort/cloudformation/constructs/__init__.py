"""One construct a file: each turns a part of the model into resources with safe settings, and knows nothing of the others' insides."""
