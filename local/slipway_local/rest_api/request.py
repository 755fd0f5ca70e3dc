"""One request to an API, whichever its kind: read within API Gateway's limits, with path, headers, query and body.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

PREFIX = "/_aws/execute-api/"
PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024
HEADER_LIMIT_BYTES = 10_240


@dataclass(kw_only=True)
class ApiRequest:
    """A request, taken apart. `path` is what follows the API's id; `fault` is "" or why it cannot be served."""

    api_id: str
    path: str
    method: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    query_string: str
    body: bytes
    source_ip: str
    fault: str = ""
    stage: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: float = field(default_factory=time.time)

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "ApiRequest":
        """Take a request apart; a body over the limit is not read to its end."""
        # WSGI hands over paths as latin-1 text of the UTF-8 bytes.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix(PREFIX)
        api_id, slash, rest = path.partition("/")
        headers = _headers(environ)
        body, fault = _body(environ)
        if sum(len(name) + len(value) for name, value in headers.items()) > HEADER_LIMIT_BYTES:
            fault = "HEADERS_TOO_LARGE"
        return cls(
            api_id=api_id,
            path=slash + rest,
            method=environ["REQUEST_METHOD"],
            headers=headers,
            query=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
            query_string=environ.get("QUERY_STRING", ""),
            body=body,
            source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
            fault=fault,
        )

    @property
    def content_type(self) -> str:
        """Return the body's media type without parameters; JSON where the request names none."""
        return (self.header("Content-Type") or "application/json").split(";")[0].strip().lower()

    def header(self, name: str) -> str | None:
        """Return a header whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    def enter_stage(self) -> None:
        """Take the stage's name off the path."""
        self.stage, slash, rest = self.path.removeprefix("/").partition("/")
        self.path = slash + rest or "/"

    def text(self, binary: bool) -> tuple[str | None, bool]:
        """Return the body as an event holds it, and whether it is base64."""
        if not self.body:
            return None, False
        if binary:
            return base64.b64encode(self.body).decode(), True
        return self.body.decode("utf-8", "replace"), False


def _body(environ: dict[str, Any]) -> tuple[bytes, str]:
    """Return the body and what is wrong with it."""
    chunked = environ.get("wsgi.input_terminated")
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return b"", "BAD_REQUEST"
    if length < 0:
        return b"", "BAD_REQUEST"
    if length > PAYLOAD_LIMIT_BYTES:
        return b"", "REQUEST_TOO_LARGE"
    # Without a length only a chunked body has an end; of anything else a read would wait for ever.
    body = bytes(environ["wsgi.input"].read(PAYLOAD_LIMIT_BYTES + 1 if chunked and not length else length))
    if len(body) > PAYLOAD_LIMIT_BYTES:
        return b"", "REQUEST_TOO_LARGE"
    return body, "BAD_REQUEST" if len(body) < length else ""


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    """Return the headers, each word capitalised: WSGI does not keep their case."""
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
