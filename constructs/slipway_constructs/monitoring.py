"""What all monitors share: where alarms go, how one is made, and the dashboard.

A monitor pairs a metric factory, which says what is measured, with a class that shows and alarms it. Metrics are plain
values here, not the library's: it makes an object behind a process boundary of each, a tenth of a synthesis in all.
Source: CloudWatch user guide, "Alarm evaluation"; CloudWatch API reference, "Dashboard body structure and syntax".
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

PERIOD_SECONDS = 300  # also what a dashboard takes where its body names no period
WIDTH, HEIGHT = 8, 6  # of a graph, in a dashboard's grid of 24 columns
SIMPLE_STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric over 5 minutes. `statistic`: a simple one like Sum, or a percentile like p99."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str

    def row(self) -> list[Any]:
        """Return the metric as a dashboard's body lists it."""
        dimensions = (part for pair in self.dimensions.items() for part in pair)
        return [self.namespace, self.name, *dimensions, {"stat": self.statistic}]


class Monitor(Construct):
    """Alarms that notify a topic, and `graphs`, one row of a dashboard: the metrics by the title of their graph."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str) -> None:
        super().__init__(scope, construct_id)
        self._topic_arn = topic_arn
        self.graphs: dict[str, Sequence[Metric]] = {}

    def alarm(
        self, construct_id: str, metric: Metric, *, above: float, periods: int = 1, description: str
    ) -> cloudwatch.CfnAlarm:
        """Create an alarm for a metric above a threshold for `periods` times 5 minutes; missing data is no alarm."""
        simple = metric.statistic in SIMPLE_STATISTICS
        return cloudwatch.CfnAlarm(
            self,
            construct_id,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                for name, value in metric.dimensions.items()
            ],
            statistic=metric.statistic if simple else None,
            extended_statistic=None if simple else metric.statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=periods,
            threshold=above,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_description=description,
            alarm_actions=[self._topic_arn],
        )

    def graph(self, title: str, *metrics: Metric) -> None:
        """Add a graph of metrics to the row."""
        self.graphs[title] = metrics


def dashboard(scope: Construct, construct_id: str, monitors: Sequence[Monitor]) -> cloudwatch.CfnDashboard:
    """Create a dashboard with a row for each monitor."""
    region = cdk.Aws.REGION
    widgets = [
        {
            "type": "metric",
            **{"width": WIDTH, "height": HEIGHT, "x": column * WIDTH, "y": row * HEIGHT},
            "properties": {
                "view": "timeSeries",
                "title": title,
                "region": region,
                "metrics": [metric.row() for metric in metrics],
                "yAxis": {},
            },
        }
        for row, monitor in enumerate(monitors)
        for column, (title, metrics) in enumerate(monitor.graphs.items())
    ]
    body = cdk.Stack.of(scope).to_json_string({"widgets": widgets})
    return cloudwatch.CfnDashboard(scope, construct_id, dashboard_body=body)
