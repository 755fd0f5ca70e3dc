"""AWS Glue jobs: their own script in local Spark."""

from slipway_local.glue.service import Jobs, install

__all__ = ["Jobs", "install"]
