"""Lambda proxy integrations that stream: status and headers first, eight zero bytes, then the body as it comes.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

import json
import queue
import time
from collections.abc import Iterator
from typing import Any

from slipway_local.functions.callee import find_by_arn
from slipway_local.functions.invocation import Invocation
from slipway_local.functions.service import Functions
from slipway_local.rest_api.responses import GatewayError, Response

URI_SUFFIX = "/response-streaming-invocations"
DELIMITER = bytes(8)
PRELUDE_LIMIT_BYTES = 16 * 1024


def stream(functions: Functions, function_arn: str, event: dict[str, Any], timeout_seconds: float) -> Response:
    """Run the function and return the response when its head is there; its body comes as the function makes it.

    Raises GatewayError if the function fails or gives no head before the body begins, ServiceError if it is throttled.
    """
    invocation = functions.stream(find_by_arn(function_arn), json.dumps(event).encode())
    head, first = _head(invocation, time.monotonic() + timeout_seconds)
    try:
        known = json.loads(head)
        several = known.get("multiValueHeaders") or {}
        headers = [(str(name), str(value)) for name, values in several.items() for value in values]
        headers += [(str(name), str(value)) for name, value in (known.get("headers") or {}).items()]
        headers += [("Set-Cookie", str(cookie)) for cookie in known.get("cookies") or []]
        status = int(known.get("statusCode", 200))
    except (ValueError, TypeError, AttributeError):
        raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from None
    return status, headers, _body(invocation, first)


def _head(invocation: Invocation, deadline: float) -> tuple[bytes, bytes]:
    """Return what comes before the delimiter, and what of the body has come with it."""
    received = b""
    while DELIMITER not in received:
        try:
            chunk = invocation.chunks.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from None
        if chunk is None or len(received) > PRELUDE_LIMIT_BYTES:
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error")
        received += chunk
    head, _, first = received.partition(DELIMITER)
    return head, first


def _body(invocation: Invocation, first: bytes) -> Iterator[bytes]:
    """Yield the body. Raises ConnectionAbortedError if the function fails on the way: the client sees a broken body."""
    if first:
        yield first
    while (chunk := invocation.chunks.get()) is not None:
        yield chunk
    if invocation.failed:
        raise ConnectionAbortedError("the function failed while it streamed")
