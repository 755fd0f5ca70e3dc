"""What API Gateway answers by itself, in the words of OpenAI's errors, so that its clients show them.

Source: API Gateway developer guide, "Gateway response types for API Gateway"; OpenAI API reference, "Error codes".
"""

import dataclasses

from aws_cdk import aws_apigateway as apigateway


@dataclasses.dataclass(frozen=True)
class GatewayError:
    """What API Gateway answers by itself, in OpenAI's words; `message` and `status` where its own do not help.

    `retry_after_seconds`: what its header of that name says.
    """

    kind: apigateway.ResponseType
    type: str
    code: str
    message: str = ""
    status: str | None = None
    retry_after_seconds: int | None = None


ERRORS = {
    "BadBody": GatewayError(
        apigateway.ResponseType.BAD_REQUEST_BODY,
        "invalid_request_error",
        "invalid_json",
        "The request body must be one JSON object, sent as Content-Type: application/json.",
    ),
    "Unauthorized": GatewayError(apigateway.ResponseType.UNAUTHORIZED, "authentication_error", "invalid_api_key"),
    # A right key whose scopes do not hold the path.
    "AccessDenied": GatewayError(
        apigateway.ResponseType.ACCESS_DENIED,
        "permission_error",
        "insufficient_permissions",
        "This key may not call this path; ask for one with its scope.",
    ),
    "KeysUnavailable": GatewayError(
        apigateway.ResponseType.AUTHORIZER_FAILURE,
        "server_error",
        "service_unavailable",
        "The key cannot be checked at the moment; try again in a few seconds.",
        "503",
        retry_after_seconds=2,
    ),
    # What API Gateway says of a path or a method that there is not.
    "NoSuchPath": GatewayError(
        apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
        "invalid_request_error",
        "not_found",
        "There is no such path, or not with this method; /v1/openapi.json lists them.",
        "404",
    ),
    "Throttled": GatewayError(apigateway.ResponseType.THROTTLED, "rate_limit_error", "rate_limit_exceeded"),
    "QuotaExceeded": GatewayError(apigateway.ResponseType.QUOTA_EXCEEDED, "rate_limit_error", "quota_exceeded"),
    "TooLarge": GatewayError(
        apigateway.ResponseType.REQUEST_TOO_LARGE,
        "invalid_request_error",
        "request_too_large",
        "The request is larger than 10 MB, which is the most that the API takes.",
    ),
    "TooSlow": GatewayError(
        apigateway.ResponseType.INTEGRATION_TIMEOUT,
        "server_error",
        "timeout",
        "The answer took longer than the API waits; ask for fewer tokens, or stream.",
    ),
    "Default4xx": GatewayError(apigateway.ResponseType.DEFAULT_4_XX, "invalid_request_error", "invalid_request"),
    "Default5xx": GatewayError(apigateway.ResponseType.DEFAULT_5_XX, "server_error", "server_error"),
}
