"""The one place that says as whom a state machine calls a service."""

from typing import Any

from slipway_local.aws import Place


def client_for(place: Place, service: str, role_arn: str) -> Any:
    """Return a boto3 client of this cloud's endpoint for the role of a state machine (or of a state's Credentials)."""
    return place.client(service)
