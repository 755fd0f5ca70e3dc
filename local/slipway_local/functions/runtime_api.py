"""The Lambda Runtime API for one execution environment: an HTTP server that hands over one event at a time.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (version 2018-06-01)
"""

import base64
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slipway_local.functions.invocation import RESPONSE_LIMIT_BYTES, Invocation, error_payload, too_large

PREFIX = "/2018-06-01/runtime"


class RuntimeApi:
    """The server side of one environment.

    `on_taken` is called with the invocation at the moment the runtime asks for it, which is when its clock starts.
    """

    def __init__(self, on_taken: Any) -> None:
        self._events: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._on_taken = on_taken
        self.current: Invocation | None = None
        self.init_error: bytes | None = None
        self.refused = False
        api = self

        class Handler(_Handler):
            runtime = api

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Return host and port for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def offer(self, invocation: Invocation) -> None:
        """Queue the event for the runtime's next request; the environment holds at most one at a time."""
        self.current = invocation
        self._events.put(invocation)

    def fail_current(self, payload: bytes) -> None:
        """Finish the event in progress, if any, as failed."""
        current, self.current = self.current, None
        if current is not None:
            current.finish(payload, failed=True)

    def close(self) -> None:
        """Stop the server and release a runtime that waits for its next event."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> Invocation | None:
        """Wait for the next event; None when the environment ends."""
        invocation = self._events.get()
        if invocation is not None:
            self._on_taken(invocation)
            invocation.taken.set()
        return invocation

    def answer(self, path: str, body: bytes) -> int:
        """Take a response or an error from the runtime and return the status code to answer with."""
        if path == f"{PREFIX}/init/error":
            self.init_error = body
            self.fail_current(body)
            return 202
        current = self.addressed(path)
        if current is None:
            return 400
        self.current = None
        if len(body) > RESPONSE_LIMIT_BYTES:
            self.refused = True  # the client gives up, as on Lambda
            current.finish(too_large(), failed=True)
            return 413
        current.finish(body, failed=path.endswith("/error"))
        return 202

    def addressed(self, path: str) -> Invocation | None:
        """Return the event in progress if a path names it."""
        request_id, _, what = path.removeprefix(f"{PREFIX}/invocation/").partition("/")
        current = self.current
        known = current is not None and request_id == current.request_id and what in ("response", "error")
        return current if known else None

    def answer_stream(self, path: str, chunks: Iterator[bytes], trailers: dict[str, str]) -> int:
        """Take a response as it comes; `trailers` are filled when the chunks have ended.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
        """
        current = self.addressed(path)
        for chunk in chunks:
            if current is not None:
                current.stream(chunk)
        if current is None:
            return 400
        self.current = None
        if "lambda-runtime-function-error-type" in trailers:
            body = base64.b64decode(trailers.get("lambda-runtime-function-error-body", ""))
            current.finish(body or error_payload(trailers["lambda-runtime-function-error-type"], ""), failed=True)
        else:
            current.end_stream()
        return 202


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a runtime that is killed resets its connection."""


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with one buffered write per answer: unbuffered, Nagle's algorithm costs 40 ms each way."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    runtime: RuntimeApi

    def do_GET(self) -> None:
        """Hand over the next event."""
        invocation = self.runtime.take() if self.path == f"{PREFIX}/invocation/next" else None
        if invocation is None:
            return self._send(410, b"", {})
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-00000000-{invocation.request_id.replace('-', '')[:24]};Sampled=0",
        }
        return self._send(200, invocation.event, headers)

    def do_POST(self) -> None:
        """Take a result, whole or streamed, or an error."""
        if self.headers.get("Lambda-Runtime-Function-Response-Mode", "").lower() == "streaming":
            trailers: dict[str, str] = {}
            try:
                status = self.runtime.answer_stream(self.path, self._chunks(trailers), trailers)
            except (ValueError, OSError):  # cut off: the end of the process decides how the event ends
                self.close_connection = True
                return
        else:
            status = self.runtime.answer(self.path, self._body())
        self._send(status, b'{"status":"OK"}', {"Content-Type": "application/json"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks({}))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self, trailers: dict[str, str]) -> Iterator[bytes]:
        """Yield a chunked body as it comes, then fill in its trailers. Raises ValueError if it is cut off."""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunk = self.rfile.read(size)
            if len(chunk) < size:
                raise ValueError("the body ends in the middle of a chunk")
            self.rfile.readline()
            yield chunk
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            trailers[name.strip().lower()] = value.strip()

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the function's own log is what matters."""
