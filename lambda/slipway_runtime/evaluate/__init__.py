"""Measures of answers and retrieval."""
