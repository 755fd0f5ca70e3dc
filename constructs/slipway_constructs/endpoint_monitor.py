"""Watches a SageMaker endpoint beside the alarms that judge its changes.

Creates: alarms for requests that the model refuses and for a full accelerator, or instance.   Grants: none.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Sequence

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

NEARLY_FULL = 0.98  # vLLM takes 90 % when it starts
REFUSED_SHARE = 0.5


class EndpointMetricFactory:
    """Metrics of one variant; with `component` the invocations are those of the inference component."""

    def __init__(self, endpoint: str, variant: str, *, component: str = "") -> None:
        self._instances = {"EndpointName": endpoint, "VariantName": variant}
        self._requests = {"InferenceComponentName": component} if component else self._instances

    def invocations(self) -> Metric:
        """Return the number of requests."""
        return Metric("AWS/SageMaker", "Invocations", self._requests, "Sum")

    def refused(self, statistic: str) -> Metric:
        """Return requests that the model answered with 4XX; the average is their share."""
        return Metric("AWS/SageMaker", "Invocation4XXErrors", self._requests, statistic)

    def failed(self) -> Metric:
        """Return the number of requests that failed."""
        return Metric("AWS/SageMaker", "Invocation5XXErrors", self._requests, "Sum")

    def latency_in_microseconds(self, statistic: str) -> Metric:
        """Return the model's time for a request."""
        return Metric("AWS/SageMaker", "ModelLatency", self._requests, statistic)

    def memory_percent(self, *, gpu: bool) -> Metric:
        """Return the memory in use: of all GPUs together, 100 for each, or of the instance."""
        name = "GPUMemoryUtilization" if gpu else "MemoryUtilization"
        return Metric("/aws/sagemaker/Endpoints", name, self._instances, "Maximum")


class EndpointMonitor(Monitor):
    """Alarms of each variant. `gpus`: of an instance, 0 where there are other accelerators."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        endpoint: str,
        variants: Sequence[str],
        gpus: int,
        component: str = "",
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        factories = {name: EndpointMetricFactory(endpoint, name, component=component) for name in variants}
        for name, metrics in factories.items():
            self.alarm(
                f"{name.capitalize()}Refused",
                metrics.refused("Average"),
                above=REFUSED_SHARE,
                description=f"{endpoint} {name}: the model refuses more than half of the requests as they are.",
                runbook="endpoint-refuses",
            )
            self.alarm(
                f"{name.capitalize()}Memory",
                metrics.memory_percent(gpu=bool(gpus)),
                above=100 * NEARLY_FULL * max(gpus, 1),
                periods=3,
                description=f"{endpoint} {name}: its memory is full. Shorten max_context, or take a larger instance.",
                runbook="endpoint-memory",
            )
        every = list(factories.values())
        self.graph(f"{endpoint}: requests", *(one.invocations() for one in every))
        self.graph(f"{endpoint}: failed and refused", *(m for one in every for m in (one.failed(), one.refused("Sum"))))
        self.graph(f"{endpoint}: latency, microseconds", *(one.latency_in_microseconds("p90") for one in every))
