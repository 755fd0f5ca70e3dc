"""Whether a candidate may replace the model in production, told from both reports on the same items."""
