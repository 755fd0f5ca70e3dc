"""Personal data and secrets in text: detectors that start at a trigger, checksums, and placeholders."""
