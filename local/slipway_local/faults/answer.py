"""An error in the words of any service: its protocol, its HTTP status, the headers that its SDKs look at.

moto serialises; what it lacks is the status of errors that the model marks as the service's fault without naming one,
and of errors that no model declares.
Source: https://smithy.io/2.0/aws/protocols/index.html
"""

import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from slipway_local.faults.common import common_errors
from slipway_local.operations import Operation


class InjectedError(Exception):
    """What moto's serialisers read: `code` and `message`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def answer(environ: dict[str, Any], start_response: Any, asked: Operation, error: InjectedError) -> Iterable[bytes]:
    """Start the response that boto3 raises as `error.code`, and return its body."""
    from moto.core.serialize import get_serializer_class

    model = asked.model.service_model
    serializer = get_serializer_class(asked.service, str(_protocol(model)))(asked.model)
    made = serializer.serialize(error)
    status = _status(model, error.code)
    body = made["body"].encode() if isinstance(made["body"], str) else made["body"]
    if environ["REQUEST_METHOD"] == "HEAD":
        body = b""
    request_id = str(uuid.uuid4())
    headers = {**made["headers"], "x-amzn-RequestId": request_id, "Content-Length": str(len(body))}
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [body]


def _protocol(model: Any) -> str:
    """Return the protocol that boto3 speaks with a service; moto's serialisers know all but the newest."""
    return "json" if model.protocol == "smithy-rpc-v2-cbor" else model.protocol


def _status(model: Any, code: str) -> int:
    common = common_errors(model.service_name, model.protocol)
    for shape in model.error_shapes:
        if code in (shape.name, shape.error_code):
            # AWS answers 500 where the model says only that the fault is the service's.
            default = 500 if shape._shape_model.get("fault") else 400
            return int(shape.metadata.get("error", {}).get("httpStatusCode") or common.get(code) or default)
    return common[code]
