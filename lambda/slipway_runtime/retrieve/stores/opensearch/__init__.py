"""OpenSearch Serverless as a vector store."""
