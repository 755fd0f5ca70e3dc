"""From the bytes of an object to clean, structured text."""
