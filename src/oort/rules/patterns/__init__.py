"""Regular expressions of JSON Schema, with the meaning of ECMAScript, as automata.

`searches` answers questions about whole sets of texts. Only checks load this package: at run time, a
text is held against a compiled expression of Python.
"""
