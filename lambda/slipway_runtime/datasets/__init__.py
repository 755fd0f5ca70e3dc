"""Training sets: examples with lineage, split by group, checked for contamination, described by a card."""
