"""The loop of an execution environment: import the handler, then take event after event and send what it returns.

Every response goes out in API Gateway's form for streams: status and headers as JSON, eight zero bytes, the body. So a
function that runs under this loop stands behind integrations with ResponseTransferMode STREAM, and no others.
Sources: API Gateway developer guide, "Set up a Lambda proxy integration with payload response streaming"; Lambda
developer guide, "Working with the execution environment".
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any

from slipway_runtime.streaming.context import Context
from slipway_runtime.streaming.response import Streamed
from slipway_runtime.streaming.runtime_api import Invocation, RuntimeApi, described

DELIMITER = bytes(8)
Handler = Callable[[dict[str, Any], Context], Any]


def main() -> None:
    """Serve events until the environment ends. Raises: SystemExit where the handler cannot be imported."""
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(os.environ["_HANDLER"])
    except BaseException as error:
        _log("the function did not begin", error, str(error))
        api.fail_init(error)
        raise SystemExit(1) from error
    while True:
        serve(api, handler, api.next())


def load(name: str) -> Handler:
    """Return the function that `module.function` names. Raises: what its import raises, AttributeError without it."""
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


def serve(api: RuntimeApi, handler: Handler, invocation: Invocation) -> None:
    """Answer one event. An error of the handler is the event's, and the environment goes on."""
    os.environ["_X_AMZN_TRACE_ID"] = invocation.trace_id  # where the X-Ray SDK and powertools look for it
    try:
        parts = encoded(handler(invocation.event, _context(invocation)))
    except Exception as error:
        _log("the function failed", error)
        return api.fail(invocation.request_id, error)
    try:
        api.stream(invocation.request_id, _logged(parts))
    except (OSError, HTTPException) as error:
        _log("nobody takes the response", error)
    finally:
        parts.close()
    return None


def encoded(answer: Any) -> Any:
    """Return the parts of a response: a `Streamed`, or a proxy response in one. Raises: TypeError for anything else."""
    if isinstance(answer, Streamed):
        head = {"statusCode": answer.status, "headers": answer.headers}
        return _parts(json.dumps(head).encode() + DELIMITER, answer.body)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        raise TypeError("the handler returned no response of an API")
    head = {"statusCode": answer["statusCode"], "headers": answer.get("headers") or {}}
    return _parts(json.dumps(head).encode() + DELIMITER, iter([(answer.get("body") or "").encode()]))


def _parts(head: bytes, body: Iterator[bytes]) -> Iterator[bytes]:
    """Yield head and body; whoever made the body hears when its reader goes away."""
    try:
        yield head
        yield from body
    finally:
        if close := getattr(body, "close", None):
            close()


def _logged(parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    except Exception as error:
        _log("the function failed while it streamed", error)
        raise


def _context(invocation: Invocation) -> Context:
    found = os.environ.get
    return Context(
        function_name=found("AWS_LAMBDA_FUNCTION_NAME", ""),
        function_version=found("AWS_LAMBDA_FUNCTION_VERSION", ""),
        invoked_function_arn=invocation.function_arn,
        memory_limit_in_mb=found("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", ""),
        aws_request_id=invocation.request_id,
        log_group_name=found("AWS_LAMBDA_LOG_GROUP_NAME", ""),
        log_stream_name=found("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        deadline_ms=invocation.deadline_ms,
    )


def _log(what: str, error: BaseException, message: str = "") -> None:
    """Print one JSON line. The text of an error in an invocation may quote a person's, and is left out."""
    line = {"level": "ERROR", "message": what, **described(error), "errorMessage": message}
    print(json.dumps(line), file=sys.stdout, flush=True)  # noqa: T201 - what a function prints is its log
