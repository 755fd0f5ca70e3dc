"""What all monitors share: where alarms go, and how one is made.

A monitor pairs a metric factory, which says what is measured, with a class that shows and alarms it.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

PERIOD = cdk.Duration.minutes(5)
WIDTH, HEIGHT = 8, 6


class Monitor(Construct):
    """Alarms that notify a topic, and widgets as `widgets`, one row of a dashboard."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        self.widgets: list[cloudwatch.IWidget] = []

    def alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        *,
        above: float,
        periods: int = 1,
        description: str,
    ) -> cloudwatch.Alarm:
        """Create an alarm for a metric above a threshold for `periods` times 5 minutes; missing data is no alarm."""
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
        alarm.add_alarm_action(self._action)
        return alarm

    def graph(self, title: str, *metrics: cloudwatch.IMetric) -> None:
        """Add a graph of metrics to the row."""
        self.widgets.append(cloudwatch.GraphWidget(title=title, left=list(metrics), width=WIDTH, height=HEIGHT))


def metric(namespace: str, name: str, dimensions: dict[str, str], *, statistic: str) -> cloudwatch.Metric:
    """Return a metric over 5 minutes."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=PERIOD,
    )
