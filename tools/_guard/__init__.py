"""What the detector of injections learns from."""
