"""The alarms that judge a change of an endpoint while it is rolled out: failed requests, and slow ones.

Creates: two alarms for each variant or inference component; they notify a topic too.   Grants: none.
Units: `max_error_percent` of requests, `max_latency_seconds` of the model's p90, or of a higher percentile: old and
new instances share the metric, and a canary of 10 % that answers slowly is not seen in the p90 of all.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (Invocation5XXErrors, ModelLatency)
"""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from slipway_constructs.monitoring import described

NAMESPACE = "AWS/SageMaker"
PERIOD_SECONDS = 60
MICROSECONDS = 1_000_000


class EndpointAlarms(Construct):
    """The alarms as `alarms`, for the metrics with `dimensions`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dimensions: Mapping[str, str],
        topic_arn: str,
        max_error_percent: float,
        max_latency_seconds: float,
        step_percent: int = 100,
    ) -> None:
        super().__init__(scope, construct_id)
        self._dimensions, self._topic_arn = dimensions, topic_arn
        what = " ".join(dimensions.values())
        self.alarms = [
            # 1 for each request that failed and 0 for each other: the average is the share.
            self._alarm(
                "Errors",
                "Invocation5XXErrors",
                statistic="Average",
                threshold=max_error_percent / 100,
                description=f"{what}: more than {max_error_percent:g} % of requests fail. See the endpoint's log.",
            ),
            self._alarm(
                "Latency",
                "ModelLatency",
                extended_statistic=f"p{percentile(step_percent):g}",
                threshold=max_latency_seconds * MICROSECONDS,
                description=f"{what}: the model takes longer than {max_latency_seconds:g} s for its slowest requests.",
            ),
        ]

    def _alarm(
        self,
        construct_id: str,
        metric: str,
        *,
        threshold: float,
        description: str,
        statistic: str | None = None,
        extended_statistic: str | None = None,
    ) -> cloudwatch.CfnAlarm:
        return cloudwatch.CfnAlarm(
            self,
            construct_id,
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                for name, value in self._dimensions.items()
            ],
            statistic=statistic,
            extended_statistic=extended_statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_description=described(description, "endpoint-rollout"),
            alarm_actions=[self._topic_arn],
        )


def percentile(step_percent: int) -> float:
    """Return the percentile that half of the first step's requests lie above; p90 where that is enough."""
    return max(90.0, 100 - step_percent / 2)
