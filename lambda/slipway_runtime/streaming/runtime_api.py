"""A client of the Lambda Runtime API that sends responses in parts.

Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes", "Building a custom runtime",
section "Response streaming" (version 2018-06-01).
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PREFIX = "/2018-06-01/runtime"
CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
ERROR_TYPE, ERROR_BODY = "Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One event, and what the Runtime API says of it. Units: `deadline_ms` in milliseconds since the epoch."""

    event: Any
    request_id: str
    deadline_ms: int
    function_arn: str
    trace_id: str


class RuntimeApi:
    """The Runtime API at `address`, host and port."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> Invocation:
        """Wait for the next event, as long as it takes: between two the environment may be frozen."""
        self._connection.request("GET", f"{PREFIX}/invocation/next")
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"the Runtime API answered {response.status}")
        headers = response.headers
        return Invocation(
            event=json.loads(body),
            request_id=headers["Lambda-Runtime-Aws-Request-Id"],
            deadline_ms=int(headers["Lambda-Runtime-Deadline-Ms"]),
            function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
            trace_id=headers.get("Lambda-Runtime-Trace-Id", ""),
        )

    def stream(self, request_id: str, parts: Iterator[bytes]) -> None:
        """Send a response part by part; an error of `parts` ends it with trailers that tell the error.

        Raises: OSError, http.client.HTTPException where nobody takes it any more; the next call connects anew.
        """
        connection = self._connection
        connection.putrequest("POST", f"{PREFIX}/invocation/{request_id}/response")
        connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        connection.putheader("Content-Type", CONTENT_TYPE)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Trailer", f"{ERROR_TYPE}, {ERROR_BODY}")
        connection.endheaders()
        trailers = b""
        try:
            for part in parts:
                if part:
                    connection.send(b"%x\r\n%b\r\n" % (len(part), part))
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        except Exception as error:
            told = base64.b64encode(json.dumps(described(error)).encode()).decode()
            trailers = f"{ERROR_TYPE}: {type(error).__name__}\r\n{ERROR_BODY}: {told}\r\n".encode()
        connection.send(b"0\r\n" + trailers + b"\r\n")
        connection.getresponse().read()

    def fail(self, request_id: str, error: BaseException) -> None:
        """Report that an event failed before anything of its response was sent."""
        self._error(f"{PREFIX}/invocation/{request_id}/error", error)

    def fail_init(self, error: BaseException) -> None:
        """Report that the function did not begin."""
        with contextlib.suppress(OSError):
            self._error(f"{PREFIX}/init/error", error)

    def _error(self, path: str, error: BaseException) -> None:
        headers = {"Content-Type": "application/json", ERROR_TYPE: type(error).__name__}
        self._connection.request("POST", path, json.dumps(described(error)).encode(), headers)
        self._connection.getresponse().read()


def described(error: BaseException) -> dict[str, Any]:
    """Return an error as Lambda tells it: type, message, and where it happened."""
    import traceback  # noqa: PLC0415 - only on the way out

    frames = traceback.extract_tb(error.__traceback__)
    places = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": places}
