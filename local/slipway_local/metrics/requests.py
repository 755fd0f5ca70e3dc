"""What requests to REST APIs become in CloudWatch.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

NAMESPACE = "AWS/ApiGateway"


def answered(status: int, milliseconds: float) -> dict[str, float]:
    """Return the metrics of one request: of errors 1 or 0, so that their average is a share."""
    return {
        "Count": 1.0,
        "4XXError": float(400 <= status < 500),
        "5XXError": float(status >= 500),
        "Latency": milliseconds,
    }
