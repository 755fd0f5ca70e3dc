"""The logger and the metrics of a function, made once.

Nothing that a person wrote is logged: no text, no question, no key.
"""

import os
import warnings
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# The two names come from the function's template; the fallbacks let a job or a test import the library.
logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "slipway"))
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Slipway"))
metrics.set_default_dimensions(environment=os.environ.get("SLIPWAY_ENVIRONMENT", "unknown"))

# A call that counts nothing is no mistake here.
warnings.filterwarnings("ignore", message="No application metrics to publish")

__all__ = ["count", "logger", "measure_milliseconds", "metrics", "observed"]


def count(name: str, value: float = 1) -> None:
    """Add to a counter."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def measure_milliseconds(name: str, value: float) -> None:
    """Record a duration."""
    metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=value)


def observed(handler: Any) -> Any:
    """Return the handler with request ids on each log line and metrics flushed after each call, also after an error."""
    return logger.inject_lambda_context(metrics.log_metrics(handler))
