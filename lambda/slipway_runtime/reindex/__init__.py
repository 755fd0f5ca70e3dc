"""Generations of the index: a new one beside the one that is searched, the switch to it, and back."""
