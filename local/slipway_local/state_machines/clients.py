"""The one place that says as whom a state machine calls a service."""

from typing import Any

from slipway_local.aws import Credentials, Place
from slipway_local.permissions.enforcement import enforcement

SESSION_NAME = "states"
_sessions: dict[str, Credentials] = {}


def client_for(place: Place, service: str, role_arn: str) -> Any:
    """Return a boto3 client of this cloud's endpoint for the role of a state machine (or of a state's Credentials)."""
    if role_arn not in _sessions:
        _sessions[role_arn] = enforcement.sessions.open(role_arn, SESSION_NAME, place.region)
    return place.client(service, _sessions[role_arn])
