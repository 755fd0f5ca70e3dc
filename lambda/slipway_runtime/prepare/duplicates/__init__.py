"""Exact and near-duplicates: shingles, MinHash, bands, verification; clusters of a corpus and an index across runs."""
