"""The paths under /_slipway: health, status, deployment, the answers of custom resources, shutdown."""

import json
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipway_local.permissions.enforcement import enforcement

if TYPE_CHECKING:
    from slipway_local.emulator import Emulator

PREFIX = "/_slipway/"


class Control:
    """A WSGI application over one emulator."""

    def __init__(self, emulator: "Emulator") -> None:
        self._emulator = emulator
        self._deploying = threading.Lock()
        self._views: dict[str, Callable[[], dict[str, Any]]] = {
            "health": lambda: {"state": "running", "endpoint_url": emulator.place.endpoint_url},
            "permissions": enforcement.report,
            "status": emulator.describe,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PREFIX)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if method == "GET" and path in self._views:
            return _json(start_response, 200, self._views[path]())
        if (method, path) == ("POST", "shutdown"):
            self._emulator.shut_down()
            return _json(start_response, 202, {"state": "stopping"})
        if method == "PUT" and path.startswith("custom-resource/"):
            return self._answer(start_response, path.removeprefix("custom-resource/"), body)
        if (method, path) == ("POST", "configure"):
            self._emulator.configure(**json.loads(body))
            return _json(start_response, 200, {})
        if method == "POST" and path in ("deploy", "delete"):
            return self._stream(start_response, path, json.loads(body))
        return _json(start_response, 404, {"message": f"nothing at {PREFIX}{path}"})

    def _answer(self, start_response: Any, token: str, body: bytes) -> Iterable[bytes]:
        try:
            known = self._emulator.answers.put(token, body)
        except ValueError as error:
            return _json(start_response, 400, {"message": str(error)})
        return _json(start_response, 200 if known else 404, {})

    def _stream(self, start_response: Any, path: str, request: dict[str, Any]) -> Iterator[bytes]:
        """Work in a thread of its own and send what it reports, a JSON object per line; the last one has `done`."""
        if not self._deploying.acquire(blocking=False):
            yield from _json(start_response, 409, {"message": "another deployment is in progress"})
            return
        start_response("200 OK", [("Content-Type", "application/x-ndjson")])
        events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(path, request, events), daemon=True).start()
        while True:
            event = events.get()
            yield (json.dumps(event) + "\n").encode()
            if "done" in event:
                return

    def _work(self, path: str, request: dict[str, Any], events: "queue.SimpleQueue[dict[str, Any]]") -> None:
        def progress(stack: str, logical_id: str, what: str) -> None:
            events.put({"stack": stack, "logical_id": logical_id, "what": what})

        try:
            if path == "deploy":
                self._emulator.deploy(Path(request["assembly"]), progress)
            else:
                self._emulator.delete(request["stacks"], progress)
            events.put({"done": True, "error": None})
        except Exception as error:
            events.put({"done": True, "error": str(error)})
        finally:
            self._deploying.release()


def _json(start_response: Any, status: int, body: dict[str, Any]) -> Iterable[bytes]:
    content = json.dumps(body).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [content]
