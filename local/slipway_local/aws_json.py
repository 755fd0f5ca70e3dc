"""What the REST-JSON services of AWS share: a request's JSON, a response, and an error's shape.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html (errors carry `X-Amzn-Errortype`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

JsonObject = dict[str, Any]


class ServiceError(Exception):
    """An error in a service's own words; boto3 raises it as the exception named `code`.

    Units: `status` is the HTTP status that the service's model gives this error.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def validation_error(message: str) -> ServiceError:
    """Return the error every AWS service gives to a request that breaks its model."""
    return ServiceError("ValidationException", message)


def read_body(environ: WSGIEnvironment, limit_bytes: int) -> bytes:
    """Return the request's body. Raises: ServiceError 413 where it is longer than `limit_bytes`."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > limit_bytes:
        environ["wsgi.input"].read(length)  # or the client sees a broken pipe instead of the answer
        raise ServiceError("RequestEntityTooLargeException", f"Request size exceeds {limit_bytes} bytes", 413)
    return bytes(environ["wsgi.input"].read(length))


def parse_object(body: bytes) -> JsonObject:
    """Return the JSON object in `body`; an empty body is an empty object. Raises: ServiceError for anything else."""
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"Could not parse the request body as JSON: {error}") from error
    if not isinstance(value, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object")
    return value


def respond(
    start_response: StartResponse,
    payload: Mapping[str, Any],
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    """Start a JSON response with a request id and return its body."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            *headers,
        ],
    )
    return [body]


def respond_error(start_response: StartResponse, error: ServiceError) -> list[bytes]:
    """Start the response that boto3 raises as `error.code`, and return its body."""
    payload = {"message": error.message, **error.members}
    return respond(start_response, payload, error.status, [("X-Amzn-Errortype", error.code)])
