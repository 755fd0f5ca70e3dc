"""What all monitors share: where alarms go, how one is made, and what a graph shows.

A monitor pairs a metric factory, which says what is measured, with a class that shows and alarms it. Metrics are plain
values here, not the library's: it makes an object behind a process boundary of each, a tenth of a synthesis in all.
Source: CloudWatch user guide, "Alarm evaluation"; CloudWatch API reference, "Dashboard body structure and syntax".
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

PERIOD_SECONDS = 300
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


@dataclasses.dataclass(frozen=True)
class Search:
    """Every metric of this name with these dimensions, over 5 minutes: a line for each value of `apart`.

    Source: CloudWatch user guide, "Search expression syntax".
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    apart: Sequence[str]
    statistic: str

    def row(self) -> list[Any]:
        """Return the search as a dashboard's body lists it."""
        schema = ",".join([self.namespace, *sorted([*self.dimensions, *self.apart])])
        terms = " ".join(f'{name}="{value}"' for name, value in self.dimensions.items())
        wanted = f'MetricName="{self.name}" {terms}'.strip()
        return [{"expression": f"SEARCH('{{{schema}}} {wanted}', '{self.statistic}', {PERIOD_SECONDS})"}]


Graphs = Mapping[str, Sequence[Metric | Search]]


class Monitor(Construct):
    """Alarms that notify a topic, and `graphs`, one row of a dashboard: the metrics by the title of their graph."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str) -> None:
        super().__init__(scope, construct_id)
        self._topic_arn = topic_arn
        self.graphs: dict[str, Sequence[Metric | Search]] = {}
        self.alarms: dict[str, cloudwatch.CfnAlarm] = {}

    def alarm(
        self, construct_id: str, metric: Metric, *, above: float, periods: int = 1, description: str, runbook: str
    ) -> cloudwatch.CfnAlarm:
        """Create an alarm for a metric above a threshold for `periods` times 5 minutes; missing data is no alarm.

        `runbook`: the name of the page in docs/runbooks that says what to do; the description ends with it.
        """
        simple = metric.statistic in SIMPLE_STATISTICS
        made = cloudwatch.CfnAlarm(
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
            alarm_description=described(description, runbook),
            alarm_actions=[self._topic_arn],
        )
        self.alarms[construct_id] = made
        return made

    def leave_out(self, prefixes: tuple[str, ...]) -> None:
        """Do without the alarms whose ids begin so."""
        for construct_id in [each for each in self.alarms if each.startswith(prefixes)]:
            del self.alarms[construct_id]
            self.node.try_remove_child(construct_id)

    def graph(self, title: str, *metrics: Metric | Search) -> None:
        """Add a graph of metrics to the row."""
        self.graphs[title] = metrics


def described(what: str, runbook: str) -> str:
    """Return the description of an alarm, which ends with the page that says what to do."""
    return f"{what} Runbook: docs/runbooks/{runbook}.md"
