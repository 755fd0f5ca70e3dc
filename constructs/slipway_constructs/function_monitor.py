"""Watches a Lambda function.

Creates: alarms for failures, throttles, and durations near the timeout.   Grants: none.
Source: Lambda developer guide, "Types of metrics for Lambda functions".
"""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

NEAR_TIMEOUT = 0.9


class FunctionMetricFactory:
    """Metrics of one function, by its name."""

    def __init__(self, function_name: str) -> None:
        self._dimensions = {"FunctionName": function_name}

    def errors(self) -> Metric:
        """Return the number of invocations that failed."""
        return self._metric("Errors", "Sum")

    def throttles(self) -> Metric:
        """Return the number of invocations refused for want of concurrency."""
        return self._metric("Throttles", "Sum")

    def invocations(self) -> Metric:
        """Return the number of invocations."""
        return self._metric("Invocations", "Sum")

    def duration_in_milliseconds(self, statistic: str) -> Metric:
        """Return the duration of invocations; `statistic` like p50 or Maximum."""
        return self._metric("Duration", statistic)

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/Lambda", name, self._dimensions, statistic)


class FunctionMonitor(Monitor):
    """Alarms on any failure, any throttle, and when the longest invocation takes 90 % of the timeout.

    `failures`: counts the failures of a function whose errors are part of its work; left out, every error is one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        function_name: str,
        timeout: cdk.Duration,
        failures: Metric | None = None,
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = FunctionMetricFactory(function_name)
        longest = metrics.duration_in_milliseconds("Maximum")
        near = timeout.to_milliseconds() * NEAR_TIMEOUT
        failed = failures or metrics.errors()
        self.alarm(
            "Errors",
            failed,
            above=0,
            description=f"{construct_id}: invocations fail. See its logs.",
            runbook="function-errors",
        )
        self.alarm(
            "Throttles",
            metrics.throttles(),
            above=0,
            description=f"{construct_id}: invocations are refused. Raise the account's concurrency quota.",
            runbook="function-throttles",
        )
        self.alarm(
            "NearTimeout",
            longest,
            above=near,
            description=f"{construct_id}: invocations take longer than {near:g} ms and will soon time out.",
            runbook="function-slow",
        )
        self.graph(f"{construct_id}: invocations", metrics.invocations())
        self.graph(f"{construct_id}: errors and throttles", metrics.errors(), metrics.throttles())
        self.graph(f"{construct_id}: duration, milliseconds", metrics.duration_in_milliseconds("p50"), longest)
