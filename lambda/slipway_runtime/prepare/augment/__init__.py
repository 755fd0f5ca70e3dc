"""Examples that a model makes of documents and images, each validated and traced to what it was made of."""
