"""Gateway responses: what API Gateway answers by itself, and how an API may change it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from slipway_local.rest_api.request import ApiRequest

Response = tuple[int, list[tuple[str, str]], bytes | Iterator[bytes]]

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
    "QUOTA_EXCEEDED": (429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": (413, "RequestEntityTooLargeException"),
    "THROTTLED": (429, "TooManyRequestsException"),
    "UNAUTHORIZED": (401, "UnauthorizedException"),
    "FORBIDDEN": (403, "ForbiddenException"),
    # What no API can customise: the request is refused before an API sees it.
    "BAD_REQUEST": (400, "BadRequestException"),
    "HEADERS_TOO_LARGE": (431, "RequestHeaderSectionTooLargeException"),
}
NAME = r"(context|stageVariables)((?:\.[A-Za-z_][\w-]*)+)"
VARIABLE = re.compile(rf"\$\{{{NAME}\}}|\${NAME}")


class GatewayError(Exception):
    """A request that ends in a gateway response of this type, with this message (None: null)."""

    def __init__(self, response_type: str, message: str | None, validation: str = "") -> None:
        super().__init__(message)
        self.response_type = response_type
        self.message = message
        self.validation = validation


def render(
    error: GatewayError,
    customised: dict[str, Any],
    request: ApiRequest,
    context: dict[str, Any],
    variables: dict[str, str],
) -> Response:
    """Return status, headers and body of a gateway response, as the API customises it."""
    status, error_type = TYPES[error.response_type]
    chosen = customised.get(error.response_type) or customised.get(f"DEFAULT_{status // 100}XX")
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error_type}
    member = "Message" if error.response_type == "ACCESS_DENIED" else "message"
    body = json.dumps({member: error.message})
    if chosen is not None:
        described = {
            "message": error.message or "",
            "messageString": json.dumps(error.message),
            "responseType": error.response_type,
            "validationErrorString": error.validation,
        }
        context = {**context, "error": described}
        status = int(chosen.status_code or status)
        for name, value in (chosen.response_parameters or {}).items():
            if name.startswith("gatewayresponse.header."):
                headers[name.removeprefix("gatewayresponse.header.")] = mapped(value, request, context, variables)
        template = _template(chosen.response_templates or {}, request)
        if template:
            headers["Content-Type"], text = template
            body = _fill(text, {"context": context, "stageVariables": variables})
    return status, list(headers.items()), body.encode()


def _template(templates: dict[str, str], request: ApiRequest) -> tuple[str, str] | None:
    """Return the template for the content type that the client accepts, else the one for JSON, else the first."""
    for kind in ((request.header("Accept") or "").split(",")[0].split(";")[0].strip(), "application/json"):
        if templates.get(kind):
            return kind, templates[kind]
    return next(((kind, text) for kind, text in templates.items() if text), None)


def _fill(template: str, scope: dict[str, Any]) -> str:
    """Replace the variables of a gateway response's template; it is no full mapping template."""
    return VARIABLE.sub(lambda found: _text(_dig(scope[found[1] or found[3]], (found[2] or found[4])[1:])), template)


def mapped(source: str, request: ApiRequest, context: dict[str, Any], variables: dict[str, str]) -> str:
    """Return what a parameter mapping gives: a quoted text, a part of the request, of the context, a variable."""
    if source.startswith("'"):
        return source.strip("'")
    place, _, rest = source.partition(".")
    if place == "context":
        return _text(_dig(context, rest))
    if place == "stageVariables":
        return variables.get(rest, "")
    kind, _, name = rest.removeprefix("request.").partition(".")
    if kind == "header":
        return request.header(name) or ""
    return (request.query.get(name) or [""])[-1] if kind == "querystring" else ""


def _dig(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


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
