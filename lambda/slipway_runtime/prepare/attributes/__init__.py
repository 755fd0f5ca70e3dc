"""What a document says of itself: what its chunks can be filtered by, and what is embedded with them."""
