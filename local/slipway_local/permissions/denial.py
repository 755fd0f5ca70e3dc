"""A denied call's answer, in the words and the protocol of its service.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html and, for the codes,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html and its like of each service
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from slipway_local.operations import FORM

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError", "s3": "AccessDenied", "sqs": "AccessDenied"}


def unsigned(environ: Mapping[str, Any]) -> Application:
    """Return an application that refuses one request because nobody has signed it.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    of_s3 = not environ.get("CONTENT_TYPE", "").startswith(FORM) and "HTTP_X_AMZ_TARGET" not in environ
    message = "Access Denied" if of_s3 else "Request is missing Authentication Token"
    return answer(environ, "s3" if of_s3 else "", message, "MissingAuthenticationToken")


def answer(environ: Mapping[str, Any], service: str, message: str, reason: str = "AccessDenied") -> Application:
    """Return an application that refuses one request with `message`."""
    request_id = str(uuid.uuid4())
    content_type = environ.get("CONTENT_TYPE") or ""
    if service == "s3":
        status, kind, body = 403, "application/xml", _s3(message, request_id)
    elif content_type.startswith(FORM):
        status, kind, body = 403, "text/xml", _query(CODES.get(service, reason), message, request_id)
    elif "HTTP_X_AMZ_TARGET" in environ:
        status, kind, body = 400, content_type, _json(f"{reason}Exception", message)
    else:
        status, kind, body = 403, "application/json", json.dumps({"message": message})
    code = CODES.get(service, f"{reason}Exception")
    headers = [("Content-Type", kind), ("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
    if kind != "application/xml":
        headers += [("x-amzn-ErrorType", code)]
    if service in ("sqs", "monitoring"):  # services that once spoke the query protocol keep its error codes
        headers += [("x-amzn-query-error", "AccessDenied;Sender")]

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        _drain(environ)
        content = body.encode()
        phrase = "Forbidden" if status == 403 else "Bad Request"
        start_response(f"{status} {phrase}", [*headers, ("Content-Length", str(len(content)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    return application


def _drain(environ: dict[str, Any]) -> None:
    """Read what the client still sends, or it would see a broken pipe instead of the answer."""
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, 1 << 20))):
        left -= len(piece)


def _json(code: str, message: str) -> str:
    return json.dumps({"__type": f"com.amazon.coral.service#{code}", "Message": message})


def _s3(message: str, request_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    )


def _query(code: str, message: str, request_id: str) -> str:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
