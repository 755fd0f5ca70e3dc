"""Evaluation of a model on items with references."""
