"""A chat-completions server whose answer a test sets."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler


class FakeModel(BaseHTTPRequestHandler):
    """A chat-completions server whose answer the test sets, and which keeps what it was asked."""

    answer: tuple[int, dict | bytes] = (200, {})
    asked: list[tuple[str, dict, str | None]] = []

    def do_GET(self) -> None:
        self.send(200, {"object": "list", "data": [{"id": "tiny-model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body, self.headers["Authorization"]))
        self.send(*self.answer)

    def send(self, status: int, payload: dict | bytes) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...
