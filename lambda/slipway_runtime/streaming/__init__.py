"""A Lambda runtime loop whose functions may stream; the managed runtime's own client cannot."""
