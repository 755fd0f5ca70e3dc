"""Gateway responses: what API Gateway answers by itself, and how an API may change it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

# Response type -> status, x-amzn-ErrorType. ACCESS_DENIED's member is "Message" with a capital at the real service.
TYPES = {
    "ACCESS_DENIED": (403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": (500, "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": (400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": (400, "BadRequestException"),
    "INTEGRATION_FAILURE": (502, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "InternalServerErrorException"),
    "INVALID_API_KEY": (403, "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationTokenException"),
    "REQUEST_TOO_LARGE": (413, "RequestEntityTooLargeException"),
    "UNAUTHORIZED": (401, "UnauthorizedException"),
    "FORBIDDEN": (403, "ForbiddenException"),
}


class GatewayError(Exception):
    """A request that ends in a gateway response of this type, with this message (None: null)."""

    def __init__(self, response_type: str, message: str | None) -> None:
        super().__init__(message)
        self.response_type = response_type
        self.message = message


def render(error: GatewayError, api: Any, request_id: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body of a gateway response, as the API customises it."""
    status, error_type = TYPES[error.response_type]
    custom = api.gateway_responses if api is not None else {}
    chosen = custom.get(error.response_type) or custom.get(f"DEFAULT_{status // 100}XX")
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error_type}
    member = "Message" if error.response_type == "ACCESS_DENIED" else "message"
    body = json.dumps({member: error.message})
    if chosen is not None:
        status = int(chosen.status_code or status)
        for name, value in (chosen.response_parameters or {}).items():
            if name.startswith("gatewayresponse.header."):
                headers[name.removeprefix("gatewayresponse.header.")] = value.strip("'")
        template = (chosen.response_templates or {}).get("application/json")
        body = _fill(template, error, request_id) if template else body
    return status, list(headers.items()), body.encode()


def _fill(template: str, error: GatewayError, request_id: str) -> str:
    values = {
        "$context.error.messageString": json.dumps(error.message),
        "$context.error.message": error.message or "",
        "$context.error.responseType": error.response_type,
        "$context.requestId": request_id,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template


def send(
    start_response: Any, status: int, headers: Iterable[tuple[str, str]], body: bytes | Iterator[bytes]
) -> Iterable[bytes]:
    """Start a WSGI response with the headers that API Gateway adds; a body that streams has no length."""
    given = list(headers)
    given = [(name, value) for name, value in given if name.lower() not in ("content-length", "connection")]
    if isinstance(body, bytes):
        given.append(("Content-Length", str(len(body))))
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    start_response(f"{status} {phrase}", given)
    return [body] if isinstance(body, bytes) else body
