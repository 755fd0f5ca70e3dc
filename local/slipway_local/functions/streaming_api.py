"""InvokeWithResponseStream: what a function streams, as an event stream.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html and
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from slipway_local.aws import Place
from slipway_local.aws_json import ServiceError, read_body, respond_error
from slipway_local.front_door import Application
from slipway_local.functions.callee import Callee, find
from slipway_local.functions.invocation import Invocation
from slipway_local.functions.invoke_api import REQUEST_LIMIT_BYTES, check_event
from slipway_local.functions.service import Functions

PREFIX = "/2021-11-15/functions/"
SUFFIX = "/response-streaming-invocations"


class StreamingInvoke:
    """A WSGI application for the one operation; `others` serves those that are not this one."""

    def __init__(self, functions: Functions, place: Place, others: Application) -> None:
        self._others = others
        self._functions = functions
        self._place = place

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Serve one request."""
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._others(environ, start_response)
        try:
            event = read_body(environ, REQUEST_LIMIT_BYTES["RequestResponse"]) or b"{}"
            name = unquote(environ["PATH_INFO"].removeprefix(PREFIX).removesuffix(SUFFIX))
            qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [None])[0]
            check_event(event)
            callee = self._find(name, qualifier)
            invocation = self._functions.stream(callee, event)
        except ServiceError as error:
            return respond_error(start_response, error)
        headers = [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            ("X-Amz-Executed-Version", str(callee.record.version)),
            ("x-amzn-RequestId", invocation.request_id),
        ]
        start_response("200 OK", headers)
        tail = environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail"
        return self._events(callee, invocation, tail=tail)

    def _find(self, name: str, qualifier: str | None) -> Callee:
        from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
        from moto.awslambda.utils import get_backend

        try:
            return find(get_backend(self._place.account, self._place.region), name, qualifier)
        except (UnknownFunctionException, UnknownAliasException) as error:
            raise ServiceError("ResourceNotFoundException", str(error.message), 404, Type="User") from None

    def _events(self, callee: Callee, invocation: Invocation, *, tail: bool) -> Iterator[bytes]:
        while (chunk := invocation.chunks.get()) is not None:
            yield event_message("PayloadChunk", "application/octet-stream", chunk)
        end: dict[str, str] = {}
        if invocation.failed:
            error_type, message = invocation.error()
            end = {"ErrorCode": error_type, "ErrorDetails": message}
        if tail:
            lines = self._functions.tail(callee.record, invocation.request_id)
            end["LogResult"] = base64.b64encode(lines.encode()).decode()
        yield event_message("InvokeComplete", "application/json", json.dumps(end).encode())


def event_message(kind: str, content_type: str, payload: bytes) -> bytes:
    """Return one message of an event stream."""
    names = {":event-type": kind, ":content-type": content_type, ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in names.items()
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))
