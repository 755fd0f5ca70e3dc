"""Knowledge bases: data sources over S3, ingestion jobs, Retrieve."""

from .app import PATHS, KnowledgeBases

__all__ = ["PATHS", "KnowledgeBases"]
