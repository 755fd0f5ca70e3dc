"""What the requests of an endpoint were like while a version was rolled out, or for days.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

STATISTICS = (
    ("requests", "Invocations", "Sum"),
    ("failed", "Invocation5XXErrors", "Sum"),
    ("refused", "Invocation4XXErrors", "Sum"),
    ("latency", "ModelLatency", "Sum"),
    ("slowest", "ModelLatency", "Maximum"),
)
MICROSECONDS = 1_000_000


def figures(
    cloudwatch: Any, dimensions: Mapping[str, str], since: float, *, until: float, period: int = 60
) -> dict[str, float]:
    """Return requests, those failed and refused, and mean and longest time of the model in seconds."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": named},
                "Period": period,
                "Stat": statistic,
            },
        }
        for name, metric, statistic in STATISTICS
    ]
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (since // period * period, until + period))
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=begin, EndTime=end
    )
    values: dict[str, list[float]] = {name: [] for name, _, _ in STATISTICS}
    for page in pages:
        for each in page["MetricDataResults"]:
            values[each["Id"]] += each["Values"]
    requests = sum(values["requests"])
    return {
        "requests": requests,
        "failed": sum(values["failed"]),
        "refused": sum(values["refused"]),
        "mean_seconds": round(sum(values["latency"]) / requests / MICROSECONDS, 4) if requests else 0.0,
        "slowest_seconds": round(max(values["slowest"], default=0.0) / MICROSECONDS, 4),
    }
