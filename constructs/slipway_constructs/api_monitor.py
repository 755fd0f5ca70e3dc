"""Watches a stage of a REST API.

Creates: alarms for server errors and for the latency of the slowest hundredth.   Grants: none.
Source: API Gateway developer guide, "Amazon API Gateway dimensions and metrics".
"""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class ApiMetricFactory:
    """Metrics of one stage, by the API's name, as API Gateway reports them."""

    def __init__(self, api_name: str, stage: str) -> None:
        self._dimensions = {"ApiName": api_name, "Stage": stage}

    def requests(self) -> Metric:
        """Return the number of requests."""
        return self._metric("Count", "Sum")

    def client_errors(self) -> Metric:
        """Return the number of answers 400 to 499."""
        return self._metric("4XXError", "Sum")

    def server_errors(self) -> Metric:
        """Return the number of answers 500 to 599."""
        return self._metric("5XXError", "Sum")

    def latency_in_milliseconds(self, statistic: str) -> Metric:
        """Return the time from request to answer; `statistic` like p50 or p99."""
        return self._metric("Latency", statistic)

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/ApiGateway", name, self._dimensions, statistic)


class ApiMonitor(Monitor):
    """Alarms on any server error, and when p99 latency is above `slow` for a quarter of an hour."""

    def __init__(
        self, scope: Construct, construct_id: str, *, topic_arn: str, api_name: str, stage: str, slow: cdk.Duration
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = ApiMetricFactory(api_name, stage)
        slowest = metrics.latency_in_milliseconds("p99")
        self.alarm(
            "ServerErrors",
            metrics.server_errors(),
            above=0,
            description=f"{construct_id}: requests fail on our side. See the functions' logs.",
            runbook="api-errors",
        )
        self.alarm(
            "Latency",
            slowest,
            above=slow.to_milliseconds(),
            periods=3,
            description=f"{construct_id}: one request in a hundred takes longer than {slow.to_seconds():g} s.",
            runbook="api-slow",
        )
        self.graph(f"{construct_id}: requests", metrics.requests())
        self.graph(f"{construct_id}: errors", metrics.client_errors(), metrics.server_errors())
        self.graph(f"{construct_id}: latency, milliseconds", metrics.latency_in_milliseconds("p50"), slowest)
