"""Where APIs call functions: the function that an integration names, its call within a time limit, its answer.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slipway_local.functions.invocation import Invocation
from slipway_local.functions.service import Functions
from slipway_local.permissions.enforcement import enforcement
from slipway_local.rest_api.responses import Response


class NotPermittedError(Exception):
    """The function's own policy does not let this API call it."""


class LambdaProxy:
    """Calls functions for the data planes of REST and HTTP APIs."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._calls = ThreadPoolExecutor(64, thread_name_prefix="api-call")

    def call(
        self, uri: str, variables: dict[str, str], event: dict[str, Any], timeout_ms: float, source_arn: str
    ) -> Invocation:
        """Call the function that an integration's URI names, for the method or route `source_arn`.

        Raises: TimeoutError, and the function runs on; NotPermittedError.
        """
        function = permitted(function_of(uri, variables), source_arn)
        running = self._calls.submit(self._functions.invoke_arn, function, json.dumps(event).encode())
        return running.result(timeout=timeout_ms / 1000)


def permitted(function: str, source_arn: str) -> str:
    """Return the function's ARN if API Gateway may call it for `source_arn`. Raises: NotPermittedError."""
    if not enforcement.service_may("apigateway.amazonaws.com", "lambda:InvokeFunction", function, source_arn):
        raise NotPermittedError(function)
    return function


def function_of(uri: str, variables: dict[str, str]) -> str:
    """Return the function's ARN from an integration's URI, which may name stage variables."""
    function = uri.rsplit("/functions/", maxsplit=1)[-1].removesuffix("/invocations")
    for name, value in variables.items():
        function = function.replace(f"${{stageVariables.{name}}}", value)
    return function


def proxy_response(payload: bytes, *, binary: bool = True) -> Response:
    """Return the HTTP response that an answer in format 1.0 describes. Raises: ValueError for a malformed one.

    `binary`: whether the API has binary media types; without, base64 stays text.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    """
    answer = json.loads(payload)
    try:
        status = int(answer["statusCode"])
        single, several = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
        headers = [(str(name), str(value)) for name, values in several.items() for value in values]
        given = {name.lower() for name, _ in headers}
        headers += [(str(name), header_text(value)) for name, value in single.items() if name.lower() not in given]
        body = body_bytes(answer if binary else {**answer, "isBase64Encoded": False})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no proxy response") from error
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return status, headers, body


def body_bytes(answer: dict[str, Any]) -> bytes:
    """Return an answer's body. Raises: TypeError, ValueError where it is no text or no base64."""
    text = answer.get("body") or ""
    if not isinstance(text, str):
        raise TypeError("body is no text")
    return base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()


def header_text(value: Any) -> str:
    """Return a header's value as API Gateway writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
