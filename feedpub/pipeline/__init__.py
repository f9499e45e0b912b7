"""Run one feed once: read its sources, clean new articles, merge them and write the feed.

`run.run_feed` is the list of stages.
"""
