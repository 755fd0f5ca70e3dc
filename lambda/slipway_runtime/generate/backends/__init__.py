"""One protocol for every place that a model answers from."""
