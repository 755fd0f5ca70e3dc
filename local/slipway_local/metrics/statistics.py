"""The statistics of CloudWatch over points.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from collections.abc import Sequence

from slipway_local.aws_json import ServiceError
from slipway_local.metrics.series import Point

PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


def statistic(name: str, points: Sequence[Point]) -> float:
    """Return a statistic of at least one point. Raises: ServiceError for one that is not emulated."""
    count = sum(times for _, _, times in points)
    total = math.fsum(value * times for _, value, times in points)
    if percentile := PERCENTILE.fullmatch(name):
        return _percentile(points, count * float(percentile[1]) / 100)
    simple = {
        "Sum": total, "Average": total / count, "SampleCount": float(count),
        "Maximum": max(value for _, value, _ in points), "Minimum": min(value for _, value, _ in points),
    }  # fmt: skip
    if name not in simple:
        known = ", ".join(simple)
        message = f"The statistic {name} is not emulated; use {known} or a percentile like p90"
        raise ServiceError("InvalidParameterValue", message)
    return simple[name]


def _percentile(points: Sequence[Point], rank: float) -> float:
    ordered = sorted((value, times) for _, value, times in points)
    seen = 0
    for value, times in ordered:
        seen += times
        if seen >= rank:
            return value
    return ordered[-1][0]
