"""One reader per format; each turns bytes or text into the same normal form."""
