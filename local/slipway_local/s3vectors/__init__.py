"""S3 Vectors: vector buckets, indexes, exact vector search, BM25 and the fusion of both."""

from .app import S3Vectors

__all__ = ["S3Vectors"]
