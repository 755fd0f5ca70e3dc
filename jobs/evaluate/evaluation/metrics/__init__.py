"""Metrics, each by its reference library. A measure gives each item a score, and where it has one, a corpus value."""
