"""A small server that speaks OpenAI's chat completions: it says what a test tells it to, when the test lets it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class ModelServer:
    """What it does next, and what it was asked. `gate`: it waits for it after the first word of a stream."""

    url: str = ""
    words: list[str] = field(default_factory=lambda: ["One", " two", " three"])
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    raw: bytes | None = None
    cut_after: int | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    silent: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def calm(self) -> None:
        """Answer at once and well."""
        self.gate.set()
        self.silent.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ModelServer

    def do_POST(self) -> None:
        model = self.model
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model.asked.append(asked)
        model.keys.append(self.headers["Authorization"])
        model.silent.wait(60)
        status = model.statuses.pop(0) if model.statuses else model.status
        if status != 200 or model.raw is not None:
            self._send(status, model.raw or json.dumps({"error": {"message": "no", "type": "x"}}).encode())
        elif asked.get("stream"):
            self._stream(asked)
        else:
            said = {"role": "assistant", "content": "".join(model.words), "tool_calls": model.tool_calls or None}
            reason = "tool_calls" if model.tool_calls else "stop"
            choice = {"index": 0, "message": said, "finish_reason": reason}
            usage = {"prompt_tokens": 7, "completion_tokens": len(model.words), "total_tokens": 0}
            self._send(200, json.dumps({"choices": [choice], "usage": usage}).encode())

    def _stream(self, asked: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for index, word in enumerate(self.model.words):
            if index == self.model.cut_after:
                self.close_connection = True
                self.wfile.flush()
                self.connection.shutdown(2)
                return
            self._event({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
            if index == 0:
                self.model.gate.wait(60)
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        usage = {"prompt_tokens": 7, "completion_tokens": len(self.model.words), "total_tokens": 0}
        if asked.get("stream_options", {}).get("include_usage"):
            self._event({"choices": [], "usage": usage})
        self.model.finished.set()
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A calm server on loopback."""
    model = ModelServer()
    model.calm()
    handler = type("Handler", (_Handler,), {"model": model})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    yield model
    model.calm()
    server.shutdown()
    server.server_close()
