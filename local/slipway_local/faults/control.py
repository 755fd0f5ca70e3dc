"""The paths /_slipway/faults[/ID] and /_slipway/databases[/CLUSTER]: what makes the local cloud behave badly."""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from slipway_local.faults.inject import Faults

Pause = Callable[[str | None, float], list[str]]


class FaultControl:
    """A WSGI application over the faults, and over `pause(cluster or None for all, seconds)`."""

    def __init__(self, faults: Faults, pause: Pause) -> None:
        self._faults = faults
        self._pause = pause

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request; a refusal is 400 with a `message`."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].split("/")
        subject, name = path[2], "/".join(path[3:]) or None
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        actions: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("POST", "faults"): self._faults.add,
            ("GET", "faults"): lambda _: self._faults.list(),
            ("DELETE", "faults"): lambda _: {"cleared": self._faults.clear(name)},
            ("POST", "databases"): lambda given: {"paused": self._pause(name, float(given["resume_seconds"]))},
        }
        status, answer = 200, None
        try:
            action = actions.get((method, subject))
            if action:
                answer = action(json.loads(body or b"{}"))
            else:
                status, answer = 405, {"message": f"{subject} does not take {method}"}
        except (ValueError, LookupError, TypeError) as error:
            status, answer = 400, {"message": str(error)}
        content = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [content]
