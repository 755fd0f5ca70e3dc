"""Puts the series behind moto's CloudWatch (PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics), and adds
PutCompositeAlarm, for which moto has the model and no operation.

moto 5.2.5 compares no namespace where dimensions are given, knows no percentiles and no SEARCH, and searches every
value once for each period.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from slipway_local import alarm_rules
from slipway_local.aws_json import ServiceError
from slipway_local.metrics.search import parse
from slipway_local.metrics.series import Key, Point, Series, append, between, key_of, series
from slipway_local.metrics.statistics import statistic


def install() -> None:
    """Replace moto's storage of metrics, and what reads it."""
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse

    CloudWatchResponse.put_composite_alarm = _put_composite
    # An iterator at moto, which DescribeAlarms reads twice: no composite alarm would be left.
    CloudWatchBackend.get_alarms_by_state_value = lambda self, state: [
        alarm for alarm in self.alarms.values() if alarm.state_value == state
    ]
    CloudWatchBackend.put_metric_data = _put
    CloudWatchBackend.get_metric_data = _get
    CloudWatchBackend.get_all_metrics = _all
    CloudWatchBackend.get_filtered_metrics = _named


def _put_composite(self: Any) -> Any:
    from moto.cloudwatch.exceptions import ValidationError

    try:
        alarm_rules.holds(self._get_param("AlarmRule"), {})
    except ServiceError as error:
        raise ValidationError(error.message) from error
    return self.put_metric_alarm()


def _put(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
    for index, datum in enumerate(metric_data):
        self._validate_parameters_put_metric_data(datum, index + 1)
    held = series(self.account_id, self.region_name)
    for datum in metric_data:
        points = held.setdefault(key_of(namespace, datum["MetricName"], _dimensions(datum)), [])
        at = _seconds(datum["Timestamp"]) if datum.get("Timestamp") else time.time()
        for value, times in _values(datum):
            append(points, at, value, times)


def _values(datum: dict[str, Any]) -> Iterator[tuple[float, int]]:
    if datum.get("Values"):
        counts = datum.get("Counts") or [1] * len(datum["Values"])
        yield from ((float(value), int(float(times))) for value, times in zip(datum["Values"], counts, strict=True))
    elif told := datum.get("StatisticValues"):
        # As many values with this minimum, maximum and sum; the ones between are equal.
        low, high, total = (float(told[name]) for name in ("Minimum", "Maximum", "Sum"))
        count = int(float(told["SampleCount"]))
        yield low, 1
        if count > 1:
            yield high, 1
        if count > 2:
            yield (total - low - high) / (count - 2), count - 2
    else:
        yield float(datum.get("Value", 0)), 1


def _get(
    self: Any, queries: list[dict[str, Any]], start_time: datetime, end_time: datetime, scan_by: str = ""
) -> list[dict[str, Any]]:
    from moto.cloudwatch.exceptions import ValidationError

    if start_time >= end_time:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    try:
        return _found(
            series(self.account_id, self.region_name), queries, _seconds(start_time), _seconds(end_time), scan_by
        )
    except ServiceError as error:
        raise ValidationError(error.message) from error


def _found(held: Series, queries: list[dict[str, Any]], begin: float, end: float, scan_by: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for query in queries:
        for label, key, stat, period in _asked(query, held):
            told = dict(_by_period(held.get(key, []), stat, period, begin, end))
            order = sorted(told, reverse=scan_by != "TimestampAscending")
            found.append(
                {
                    "id": query["Id"], "label": label, "values": [told[at] for at in order],
                    "timestamps": [datetime.fromtimestamp(at, UTC) for at in order], "status_code": "Complete",
                }
            )  # fmt: skip
    return found


def _asked(query: dict[str, Any], held: Series) -> Iterator[tuple[str, Key, str, int]]:
    """Yield label, metric, statistic and period of what a query asks for."""
    if "Expression" in query:
        search = parse(query["Expression"])
        for key in search.keys(held):
            yield query.get("Label") or search.label(key), key, search.statistic, search.period
        return
    wanted = query["MetricStat"]
    metric, stat = wanted["Metric"], wanted["Stat"]
    key = key_of(metric["Namespace"], metric["MetricName"], _dimensions(metric))
    yield query.get("Label") or f"{metric['MetricName']} {stat}", key, stat, int(wanted["Period"])


def _by_period(points: list[Point], stat: str, period: int, begin: float, end: float) -> Iterator[tuple[int, float]]:
    groups: dict[int, list[Point]] = {}
    for point in between(points, begin, end):
        groups.setdefault(int(point[0] // period) * period, []).append(point)
    for at, group in groups.items():
        yield at, statistic(stat, group)


def _all(self: Any) -> list[Any]:
    from moto.cloudwatch.models import MetricDatum

    provided: list[Any] = self.aws_metric_data
    return provided + [
        MetricDatum(key[0], key[1], value, _listed(key), datetime.fromtimestamp(at, UTC).replace(tzinfo=None))
        for key, points in list(series(self.account_id, self.region_name).items())
        for at, value, times in points
        for _ in range(times)
    ]


def _named(self: Any, metric_name: str, namespace: str, dimensions: list[dict[str, str]]) -> list[Any]:
    """Return each metric once, as ListMetrics does."""
    from moto.cloudwatch.models import MetricDatum

    held = list(series(self.account_id, self.region_name))
    each = [*self.aws_metric_data, *(MetricDatum(key[0], key[1], 0.0, _listed(key), None) for key in held)]
    return [datum for datum in each if datum.filter(namespace, metric_name, dimensions or [])]


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _dimensions(told: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in told.get("Dimensions") or []}


def _listed(key: Key) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in key[2]]
