"""Between API Gateway's proxy events and functions that return values or raise ApiError."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.streaming.response import Streamed

T = TypeVar("T")
MAX_BODY_BYTES = 1024 * 1024
FIELD = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
# Of the right type, and not one of the values that are taken.
OUT_OF_RANGE = re.compile(r"`(float|int)` [<>]=|of length|matching regex|Invalid enum value")
MISSING = re.compile(r"missing required field `([^`]+)`")
HEADERS = {"content-type": "application/json"}


class WithHeaders(NamedTuple):
    """What a route returns, and headers beside those of every answer."""

    value: Any
    headers: dict[str, str]


def respond(event: dict[str, Any], route: Callable[[ApiRequest], Any]) -> Any:
    """Return the proxy response of `route`: 200 with its value, or the error in OpenAI's shape. What streams, streams.

    An unexpected error becomes a 500 whose log line names the type and place of the error, never its text.
    """
    try:
        request = msgspec.convert(event, ApiRequest)
        value = route(request)
        if isinstance(value, Streamed):
            return value
        if isinstance(value, WithHeaders):
            return _response(200, value.value, HEADERS | value.headers)
        return _response(200, value, HEADERS)
    except Exception as error:
        return _error(_as_api_error(error))


def in_stream(error: Exception) -> ApiError:
    """Return what a client is told of an error in the middle of a stream, which is counted and logged as any other."""
    told = _as_api_error(error)
    count("StreamErrors")
    _note(told)
    return told


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    from slipway_runtime.handlers.unexpected import as_api_error  # noqa: PLC0415 - only on the way out

    return as_api_error(error)


def decode_body(request: ApiRequest, kind: type[T]) -> T:
    """Return the JSON body as `kind`.

    Raises: ApiError 400 naming the parameter, 413 for a body over 1 MiB.
    """
    body = _raw_body(request)
    if len(body) > MAX_BODY_BYTES:
        message = f"The request body has {len(body)} bytes; at most {MAX_BODY_BYTES} are accepted."
        raise ApiError(413, message, code="request_too_large", param="messages")
    if not body.strip():
        raise invalid("The request has no body; a JSON object was expected.", None, "invalid_json")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid_field(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("The request body is not valid JSON.", None, "invalid_json") from error


def _raw_body(request: ApiRequest) -> bytes:
    body = (request.body or "").encode("utf-8", "surrogatepass")
    if not request.is_base64_encoded:
        return body
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise invalid("The request body is not valid base64.", None, "invalid_json") from error


def _invalid_field(error: msgspec.ValidationError) -> ApiError:
    message = str(error)
    place = FIELD.search(message)
    missing = MISSING.search(message)
    param = ".".join(filter(None, (place.group(1) if place else "", missing.group(1) if missing else ""))) or None
    named = f"{place.group(1)}: {FIELD.sub('', message)}." if place else f"{message}."
    kind = "invalid_value" if OUT_OF_RANGE.search(message) else "invalid_type"
    return invalid(named, param, "missing_required_parameter" if missing else kind)


def _error(error: ApiError) -> dict[str, Any]:
    _note(error)
    headers = HEADERS | error.headers
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return _response(error.status, {"error": error.body}, headers)


def _note(error: ApiError) -> None:
    count("ApiErrors")
    logger.info("request refused", extra={"status": error.status, "code": error.code, "param": error.param})


def _response(status: int, value: Any, headers: dict[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": msgspec.json.encode(value).decode()}
