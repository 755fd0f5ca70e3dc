"""The Lambda Runtime API for one execution environment: an HTTP server that hands over one event at a time.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (version 2018-06-01)
"""

import json
import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/2018-06-01/runtime"


@dataclass(kw_only=True)
class Invocation:
    """One event on its way through an environment; `finished` is set when `payload` holds the result or the error."""

    request_id: str
    event: bytes
    function_arn: str
    timeout_seconds: float
    deadline_ms: int = 0
    payload: bytes = b"null"
    failed: bool = False
    taken: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    def finish(self, payload: bytes, *, failed: bool) -> None:
        """Record the first outcome; later ones (a crash after the response) change nothing."""
        if not self.finished.is_set():
            self.payload, self.failed = payload, failed
            self.taken.set()
            self.finished.set()


def error_payload(error_type: str, message: str) -> bytes:
    """Return the JSON body that Lambda answers when a function failed."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


class RuntimeApi:
    """The server side of one environment.

    `on_taken` is called with the invocation at the moment the runtime asks for it, which is when its clock starts.
    """

    def __init__(self, on_taken: Any) -> None:
        self._events: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._on_taken = on_taken
        self.current: Invocation | None = None
        self.init_error: bytes | None = None
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
        parts = path.removeprefix(f"{PREFIX}/invocation/").split("/")
        current = self.current
        if current is None or len(parts) != 2 or parts[0] != current.request_id:
            return 400
        self.current = None
        current.finish(body, failed=parts[1] == "error")
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
        """Take a result or an error."""
        body = self._body()
        self._send(self.runtime.answer(self.path, body), b'{"status":"OK"}', {"Content-Type": "application/json"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

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
