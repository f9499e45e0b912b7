"""Tests of what is proposed for a page that changed."""
