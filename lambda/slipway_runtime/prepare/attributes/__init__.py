"""What a document says of itself: what its chunks can be filtered by, and the description that is embedded with them."""
