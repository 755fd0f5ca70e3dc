"""The path /_slipway/training/interrupt: takes a training job's spot instance away."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from slipway_local.training.service import Jobs


class TrainingControl:
    """A WSGI application over the jobs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request; a refusal is 400 with a `message`."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, answer = 200, {}
        try:
            answer = {"interrupted": json.loads(body)["job"]}
            self._jobs.interrupt(answer["interrupted"])
        except (ValueError, LookupError) as error:
            status, answer = 400, {"message": str(error)}
        content = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [content]
