"""The embedding models: one file for each family, one line in `choose.py`."""
