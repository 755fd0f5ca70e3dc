"""A server that answers as Text Embeddings Inference does, with MiniLM's vectors, on its own route and SageMaker's.

It refuses what TEI refuses: batches above --max-client-batch-size (413), texts above the model's tokens unless they may
be cut (413), and, when told to, everything for a while (429), as a full queue does. SageMaker wraps its errors.
Source: TEI's OpenAPI description, docs/openapi.json; SageMaker runtime API reference, "InvokeEndpoint".
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from slipway_local.bedrock.embedder import Embedder

MAX_TOKENS = 256
ENDPOINT = re.compile(r"/endpoints/(?P<name>[^/]+)/invocations")


class Tei:
    """A WSGI application. `requests` are the bodies; the next `busy` requests are refused."""

    def __init__(self, *, batch: int = 32, busy: int = 0) -> None:
        self.embedder = Embedder(workers=1)
        self.batch, self.busy = batch, busy
        self.requests: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self.requests.append(body)
        status, answer = self._answer(body)
        through = ENDPOINT.fullmatch(environ["PATH_INFO"])
        if through and status != 200:
            answer = {
                "Message": f"Received client error ({status}) from primary", "OriginalStatusCode": status,
                "OriginalMessage": json.dumps(answer), "LogStreamArn": "",
            }  # fmt: skip
            status = 424
        headers = [("Content-Type", "application/json")]
        if through and status == 424:
            headers.append(("x-amzn-ErrorType", "ModelError"))
        start_response(f"{status} Answer", headers)
        return [json.dumps(answer).encode()]

    def _answer(self, body: dict[str, Any]) -> tuple[int, Any]:
        inputs = body["inputs"]
        if self.busy:
            self.busy -= 1
            return 429, {"error": "Model is overloaded", "error_type": "overloaded"}
        if len(inputs) > self.batch:
            return 413, {"error": f"batch size {len(inputs)} > maximum allowed batch size {self.batch}"}
        if not body.get("truncate") and any(self.embedder.count_tokens(text) + 2 > MAX_TOKENS for text in inputs):
            return 413, {"error": "`inputs` must have less than 256 tokens", "error_type": "validation"}
        return 200, [vector.astype("float64").round(8).tolist() for vector in self.embedder.embed(inputs)]
