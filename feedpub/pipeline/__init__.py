"""Run one feed once: read its sources, clean what is new, merge, write. `run` is the list of stages."""
