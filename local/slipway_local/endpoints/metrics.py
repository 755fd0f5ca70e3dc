"""What requests to endpoints become in CloudWatch.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Mapping

from slipway_local.aws import Place
from slipway_local.metrics.series import report

NAMESPACE = "AWS/SageMaker"


def put(place: Place, dimensions: list[Mapping[str, str]], values: Mapping[str, float]) -> None:
    """Count values under each set of dimensions."""
    for each in dimensions:
        report(place.account, place.region, NAMESPACE, each, values)


def answered(status: int, latency_microseconds: float, overhead_microseconds: float) -> dict[str, float]:
    """Return the metrics of one request: of errors 1 or 0, so that their average is a share."""
    return {
        "Invocations": 1.0,
        "Invocation4XXErrors": float(400 <= status < 500),
        "Invocation5XXErrors": float(status >= 500),
        "InvocationModelErrors": float(status >= 300),
        "ModelLatency": latency_microseconds,
        "OverheadLatency": overhead_microseconds,
    }
