"""Amazon Kendra: indexes with fields, documents that are indexed a while later, filters and BM25."""

from .app import Kendra

__all__ = ["Kendra"]
