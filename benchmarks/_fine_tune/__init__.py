"""The contenders of benchmarks/fine_tune.py."""
