"""The sections of benchmarks/prepare.py."""
