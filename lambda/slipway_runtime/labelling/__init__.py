"""Labelling by people: a job's items, who holds which, what they said, and what became of it."""
