"""A Bedrock knowledge base beside the vector store: its documents, its ingestion, its search."""
