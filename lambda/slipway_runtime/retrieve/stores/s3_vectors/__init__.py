"""S3 Vectors as a vector store."""
