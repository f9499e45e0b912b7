"""Run one feed once.

Read its sources, clean what is new, merge, write. `run` is the list of stages.
"""
