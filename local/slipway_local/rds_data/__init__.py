"""The RDS Data API for the embedded PostgreSQL."""

from .app import RdsDataApi

__all__ = ["RdsDataApi"]
