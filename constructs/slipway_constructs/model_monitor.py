"""Shows the models of Bedrock that are called: how often, how long, and what is refused.

Creates: an alarm for each model whose requests are beyond the account's quota.   Grants: none.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html
"""

from collections.abc import Sequence

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class ModelMetricFactory:
    """Metrics of one model, by its id."""

    def __init__(self, model_id: str) -> None:
        self._dimensions = {"ModelId": model_id}

    def invocations(self) -> Metric:
        """Return the number of requests that worked."""
        return self._metric("Invocations", "Sum")

    def throttles(self) -> Metric:
        """Return the number of requests beyond the account's quota."""
        return self._metric("InvocationThrottles", "Sum")

    def server_errors(self) -> Metric:
        """Return the number of requests that failed on the service's side."""
        return self._metric("InvocationServerErrors", "Sum")

    def latency_in_milliseconds(self, statistic: str) -> Metric:
        """Return the time from request to the last token."""
        return self._metric("InvocationLatency", statistic)

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/Bedrock", name, self._dimensions, statistic)


class ModelMonitor(Monitor):
    """Alarms when a model's requests are refused for a quarter of an hour; three graphs with a line or two for each."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, model_ids: Sequence[str]) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        every = [ModelMetricFactory(model_id) for model_id in model_ids]
        for at, (model_id, one) in enumerate(zip(model_ids, every, strict=True)):
            self.alarm(
                f"Throttles{at}",
                one.throttles(),
                above=0,
                periods=3,
                description=f"{model_id}: requests are beyond the account's quota.",
                runbook="model-throttles",
            )
        self.graph("Bedrock: requests", *(one.invocations() for one in every))
        self.graph("Bedrock: latency, milliseconds", *(one.latency_in_milliseconds("p90") for one in every))
        self.graph("Bedrock: refused and failed", *(m for one in every for m in (one.throttles(), one.server_errors())))
