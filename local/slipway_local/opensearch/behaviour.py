"""The path /_slipway/opensearch: how slow and contrary OpenSearch Serverless is here."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from slipway_local.opensearch.service import OpenSearch


class BehaviourControl:
    """A WSGI application: GET tells the behaviour, POST changes what its JSON names; a refusal is 400."""

    def __init__(self, opensearch: OpenSearch) -> None:
        self._opensearch = opensearch

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, answer = 200, None
        try:
            settings = json.loads(body or b"{}") if environ["REQUEST_METHOD"] == "POST" else {}
            answer = {**asdict(self._opensearch.behave(**settings)), "settled": self._opensearch.settled()}
        except (ValueError, TypeError) as error:
            status, answer = 400, {"message": str(error)}
        content = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [content]
