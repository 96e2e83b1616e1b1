"""The crash laboratory: platforms that are killed, cut off from power, or starved, in processes and in simulations.

`docs/explanation/crashes.md` lists what is tested. The scenarios say what must hold.
"""
