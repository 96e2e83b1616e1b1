"""Pure decisions.

The engine enforces them and synthesis generates from them, so the targets agree.
"""
