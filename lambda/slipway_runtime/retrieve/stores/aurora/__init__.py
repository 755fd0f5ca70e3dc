"""Aurora PostgreSQL with pgvector, behind the RDS Data API."""
