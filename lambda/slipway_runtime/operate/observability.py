"""The logger and the metrics of a function, made once.

Nothing that a person wrote is logged: no text, no question, no key.
"""

import functools
import os
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from slipway_runtime.streaming.response import Streamed

# The two names come from the function's template; the fallbacks let a job or a test import the library.
logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "slipway"))
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Slipway"))
metrics.set_default_dimensions(environment=os.environ.get("SLIPWAY_ENVIRONMENT", "unknown"))

__all__ = [
    "count",
    "count_finding",
    "logger",
    "measure_embedding_tokens",
    "measure_milliseconds",
    "measure_rejects",
    "metrics",
    "observed",
]


def count(name: str, value: float = 1) -> None:
    """Add to a counter."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def measure_milliseconds(name: str, value: float) -> None:
    """Record a duration."""
    metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=value)


def measure_embedding_tokens(model_id: str, tokens: int) -> None:
    """Record the tokens that an embedding model read, by model."""
    _measure_by("EmbeddingTokens", MetricUnit.Count, tokens, dimension="model", of=model_id)


def count_finding(detector: str, stage: str, action: str) -> None:
    """Count what a detector of the guard found, by detector, stage and what was done."""
    with single_metric(
        name="GuardFindings",
        unit=MetricUnit.Count,
        value=1,
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Slipway"),
        default_dimensions={"environment": os.environ.get("SLIPWAY_ENVIRONMENT", "unknown")},
    ) as metric:
        metric.add_dimension(name="detector", value=detector)
        metric.add_dimension(name="stage", value=stage)
        metric.add_dimension(name="action", value=action)


def measure_rejects(source: str, share: float) -> None:
    """Record which share of a document was rejected, from 0 to 1: the average is the share of its source's rejects."""
    _measure_by("RejectedShare", MetricUnit.NoUnit, share, dimension="source", of=source)


def _measure_by(name: str, unit: MetricUnit, value: float, *, dimension: str, of: str) -> None:
    """Record a value under a dimension that the function's other metrics do not have."""
    with single_metric(
        name=name,
        unit=unit,
        value=value,
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Slipway"),
        default_dimensions={"environment": os.environ.get("SLIPWAY_ENVIRONMENT", "unknown")},
    ) as metric:
        metric.add_dimension(name=dimension, value=of)


def _flush() -> None:
    if metrics.metric_set:
        metrics.flush_metrics()


def _then_flush(body: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a body, and flush what was counted while it was made."""
    try:
        yield from body
    finally:
        if close := getattr(body, "close", None):
            close()
        _flush()


def observed(handler: Any) -> Any:
    """Return the handler with request ids on each log line and metrics flushed after each call, also after an error.

    `Metrics.log_metrics` does the same but warns about a call that counts nothing, which is no mistake here.
    """

    @functools.wraps(handler)
    def measured(event: dict[str, Any], context: Any) -> Any:
        try:
            answer = handler(event, context)
        finally:
            _flush()
        if isinstance(answer, Streamed):
            answer.body = _then_flush(answer.body)
        return answer

    return logger.inject_lambda_context(measured)
