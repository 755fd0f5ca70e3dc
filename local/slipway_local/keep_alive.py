"""An HTTP/1.1 request handler for WSGI applications that keeps connections open between requests.

werkzeug's own ends each connection, because it cannot know where an unread body ends. Here the application reads from
a body that ends where the request says, and what it leaves unread is read away before the next request.
Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.3
"""

import contextlib
import io
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from werkzeug.serving import WSGIRequestHandler

DRAIN_LIMIT_BYTES = 64 * 1024 * 1024
BODYLESS = {204, 304}
Headers = list[tuple[str, str]]


class Body(io.RawIOBase):
    """The `length` bytes of a request's body."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self._left = length

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read at most to the end of the body."""
        data = self._source.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


class KeepAliveHandler(WSGIRequestHandler):
    """Serves requests until the client closes; headers and body leave in one write, each streamed part in its own.

    Two small writes on a kept connection wait 40 ms for each other (Nagle's algorithm against delayed
    acknowledgement). Nothing but errors is logged: a request line may hold a document's path.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Tell a client that asks first to go on, which boto3 does before each S3 upload; it waits for that."""
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        return True

    def run_wsgi(self) -> None:
        """Serve one request."""
        self.environ = environ = self.make_environ()
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):  # nobody knows where the next request begins
            self.close_connection = True
            self.send_error(400, "Bad Content-Length")
            return
        if not environ.get("wsgi.input_terminated"):  # set for chunked bodies, which end by themselves
            environ["wsgi.input"] = io.BufferedReader(Body(self.rfile, int(length)))
        body = environ["wsgi.input"]
        answer = _Answer(self)
        try:
            answer.send(self.server.app(environ, answer.start))
        except ConnectionError:
            self.close_connection = True
            return
        except Exception:
            sys.stderr.write(traceback.format_exc())
            answer.fail()
        self._drain(body)

    def _drain(self, body: Any) -> None:
        """Read away what the application left of the request, or a client that still sends never sees the answer.

        A client that sends too much must connect anew.
        """
        read = 0
        try:
            while data := body.read(65536):
                read += len(data)
                if read > DRAIN_LIMIT_BYTES:
                    self.close_connection = True
                    return
        except OSError:  # a malformed chunk: nobody knows where the next request begins
            self.close_connection = True

    def finish(self) -> None:
        """Close the connection; what a client that has gone did not read is lost without a word."""
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Drop the line."""


class _Answer:
    """One response: `start` is WSGI's start_response, `send` writes what the application returns."""

    def __init__(self, handler: KeepAliveHandler) -> None:
        self._handler = handler
        self._status, self._headers = "", Headers()
        self._sent = self._chunked = self._silent = False

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        """Remember status and headers. Raises the error it is given when they have left already."""
        if exc_info and self._sent:
            raise exc_info[1]
        self._status, self._headers = status, list(headers)
        return self._write

    def send(self, parts: Iterable[bytes]) -> None:
        """Write the response, each part as it comes."""
        try:
            for part in parts:
                self._write(part)
            self._write(b"")
            if self._chunked and not self._silent:
                self._handler.wfile.write(b"0\r\n\r\n")
            self._handler.wfile.flush()
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def fail(self) -> None:
        """Answer 500, or cut off a response that has begun."""
        self._handler.close_connection = True
        if not self._sent:
            self.start("500 Internal Server Error", [("Content-Type", "text/plain")])
            self.send([b"Internal Server Error\n"])

    def _write(self, data: bytes) -> None:
        if not self._sent:
            self._send_head()
        if data and not self._silent:
            self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
            if self._chunked:
                self._handler.wfile.flush()

    def _send_head(self) -> None:
        self._sent = True
        handler, (code, _, phrase) = self._handler, self._status.partition(" ")
        self._silent = handler.command == "HEAD" or int(code) in BODYLESS
        names = {name.lower() for name, _ in self._headers}
        handler.send_response(int(code), phrase)
        for name, value in self._headers:
            if name.lower() != "connection" and not (int(code) in BODYLESS and name.lower() == "content-length"):
                handler.send_header(name, value)
        if not self._silent and "content-length" not in names:
            self._chunked = handler.request_version >= "HTTP/1.1"
            if self._chunked:
                handler.send_header("Transfer-Encoding", "chunked")
            else:
                handler.close_connection = True
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()
