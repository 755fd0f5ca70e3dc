"""A denied call's answer, in the words and the protocol of its service.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html and, for the codes,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html and its like of each service
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from slipway_local.operations import FORM

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Refusal(NamedTuple):
    """The codes of one refusal: in the query protocol, in the JSON protocols, in S3's, and services' own."""

    query: str
    json: str
    s3: str
    own: Mapping[str, str]


DENIED = Refusal(
    "AccessDenied", "AccessDeniedException", "AccessDenied",
    {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"},
)  # fmt: skip
UNSIGNED = Refusal("MissingAuthenticationToken", "MissingAuthenticationTokenException", "AccessDenied", {})
UNKNOWN_KEY = Refusal(
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", {"ec2": "AuthFailure"}
)


def unsigned(environ: Mapping[str, Any]) -> Application:
    """Return an application that refuses one request because nobody has signed it.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    of_s3 = not environ.get("CONTENT_TYPE", "").startswith(FORM) and "HTTP_X_AMZ_TARGET" not in environ
    message = "Access Denied" if of_s3 else "Request is missing Authentication Token"
    return answer(environ, "s3" if of_s3 else "", message, UNSIGNED)


def unknown_key(environ: Mapping[str, Any], service: str) -> Application:
    """Return an application that refuses one request because its access key is no one's.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html and
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    of_s3 = "The AWS Access Key Id you provided does not exist in our records."
    message = of_s3 if service == "s3" else "The security token included in the request is invalid."
    return answer(environ, service, message, UNKNOWN_KEY)


def answer(environ: Mapping[str, Any], service: str, message: str, refusal: Refusal = DENIED) -> Application:
    """Return an application that refuses one request with `message`."""
    request_id = str(uuid.uuid4())
    content_type = environ.get("CONTENT_TYPE") or ""
    query_code = refusal.own.get(service, refusal.query)
    if service == "s3":
        status, kind, body = 403, "application/xml", _s3(refusal.s3, message, request_id)
    elif content_type.startswith(FORM):
        status, kind, body = 403, "text/xml", _query(query_code, message, request_id)
    elif "HTTP_X_AMZ_TARGET" in environ:
        status, kind, body = 400, content_type, _json(refusal.json, message)
    else:
        status, kind, body = 403, "application/json", json.dumps({"message": message})
    headers = [("Content-Type", kind), ("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
    if kind != "application/xml":
        headers += [("x-amzn-ErrorType", refusal.json)]
    if service in ("sqs", "monitoring"):  # services that once spoke the query protocol keep its error codes
        headers += [("x-amzn-query-error", f"{query_code};Sender")]

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


def _s3(code: str, message: str, request_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )


def _query(code: str, message: str, request_id: str) -> str:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
