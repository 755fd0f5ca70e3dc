"""The points of each metric, kept with moto's backend of CloudWatch, so that a snapshot has them too.

moto keeps one list of all values of all metrics, which grows for ever and is searched whole at each question.
"""

import time
from collections.abc import Mapping

Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, name, dimensions in order
Point = tuple[float, float, int]  # seconds since 1970, value, how many times
Series = dict[Key, list[Point]]
POINTS_KEPT = 5_000  # of each metric: the newest


def series(account: str, region: str) -> Series:
    """Return all metrics of an account and region."""
    from moto.cloudwatch.models import cloudwatch_backends

    found: Series = cloudwatch_backends[account][region].__dict__.setdefault("slipway_series", {})
    return found


def key_of(namespace: str, name: str, dimensions: Mapping[str, str]) -> Key:
    """Return how a metric is found."""
    return namespace, name, tuple(sorted(dimensions.items()))


def append(points: list[Point], at: float, value: float, times: int = 1) -> None:
    """Add a point; the oldest go when there are twice as many as are kept."""
    points.append((at, value, times))
    if len(points) > 2 * POINTS_KEPT:
        del points[:-POINTS_KEPT]


def report(
    account: str, region: str, namespace: str, dimensions: Mapping[str, str], values: Mapping[str, float]
) -> None:
    """Add one value to each of several metrics with the same dimensions, now."""
    held, now = series(account, region), time.time()
    for name, value in values.items():
        append(held.setdefault(key_of(namespace, name, dimensions), []), now, value)


def report_of(arn: str, namespace: str, dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
    """Add values for a resource to the metrics of its account and region."""
    _, _, _, region, account, *_ = arn.split(":")
    report(account, region, namespace, dimensions, values)


def between(points: list[Point], begin: float, end: float) -> list[Point]:
    """Return the points from `begin` to before `end`."""
    return [point for point in points if begin <= point[0] < end]
