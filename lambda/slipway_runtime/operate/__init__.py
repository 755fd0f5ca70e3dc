"""What keeps the platform running: logs and metrics, lineage, the life of a document, retries."""
