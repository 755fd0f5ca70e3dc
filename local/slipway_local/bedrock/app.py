"""Amazon Bedrock's runtime API as a WSGI application: what boto3's `bedrock-runtime` client calls.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws_json import (
    JsonObject,
    ServiceError,
    parse_object,
    read_body,
    respond,
    respond_error,
    validation_error,
)
from . import converse, titan
from .embedder import Embedder
from .extractive import Extractive
from .models import is_embedding, resolve
from .openai_backend import OpenAiBackend

MAX_REQUEST_BYTES = 25_000_000
_PATH = re.compile(r"/model/(?P<model>.+)/(?P<operation>invoke|converse|count-tokens)")
_OPERATIONS = {"invoke": "InvokeModel", "converse": "Converse", "count-tokens": "CountTokens"}


class BedrockRuntime:
    """InvokeModel for Titan embeddings, Converse and CountTokens.

    Text comes from the OpenAI-compatible server at `model_url` (for example http://localhost:11434/v1), or, without
    one, from sentences of the documents in the prompt. `model_name` and `model_key` are that server's.
    """

    def __init__(
        self, *, model_url: str | None = None, model_name: str | None = None, model_key: str | None = None
    ) -> None:
        self.embedder = Embedder()
        self._backend: converse.TextBackend = (
            OpenAiBackend(model_url, name=model_name, key=model_key) if model_url else Extractive(self.embedder)
        )
        self._throttles: dict[str, _Throttle] = {}

    def throttle(self, operation: str, *, count: int = 0, rate: float = 0.0) -> None:
        """Refuse the next `count` calls of `operation`, then the share `rate` of them.

        Operations: InvokeModel, Converse, CountTokens. Both 0 ends it. Raises: ValueError for an unknown operation.
        """
        if operation not in _OPERATIONS.values():
            raise ValueError(f"unknown operation {operation!r}; known: {sorted(_OPERATIONS.values())}")
        self._throttles[operation] = _Throttle(count, rate)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        began = time.monotonic()
        try:
            body = read_body(environ, MAX_REQUEST_BYTES)
            path = _PATH.fullmatch(environ.get("PATH_INFO", ""))
            if path is None or environ["REQUEST_METHOD"] != "POST":
                raise ServiceError("UnknownOperationException", "There is no such operation", 404)
            payload = self._call(_OPERATIONS[path["operation"]], resolve(path["model"]), body, began)
            headers = [("X-Amzn-Bedrock-Invocation-Latency", str(_elapsed_ms(began)))]
            if "inputTextTokenCount" in payload:
                headers.append(("X-Amzn-Bedrock-Input-Token-Count", str(payload["inputTextTokenCount"])))
            return respond(start_response, payload, headers=headers)
        except ServiceError as error:
            return respond_error(start_response, error)

    def _call(self, operation: str, model: str, body: bytes, began: float) -> JsonObject:
        if operation in self._throttles and self._throttles[operation].hit():
            raise ServiceError("ThrottlingException", "Too many requests, please wait before trying again.", 429)
        if operation == "InvokeModel":
            if not is_embedding(model):
                raise validation_error("The local Bedrock has no InvokeModel for text models. Use Converse.")
            return titan.invoke(self.embedder, body)
        if operation == "CountTokens":
            return {"inputTokens": self.embedder.count_tokens(_countable(_parse(body)))}
        if is_embedding(model):
            raise validation_error(
                "This action doesn't support the model that you provided. "
                "Try again with a supported text or chat model."
            )
        reply = self._backend.reply(converse.parse(_parse(body)))
        return converse.answer(reply, _elapsed_ms(began))


class _Throttle:
    """Refuses the first `count` calls, then evenly the share `rate`: every fourth for .25, without chance."""

    def __init__(self, count: int, rate: float) -> None:
        self._count, self._rate, self._owed = count, rate, 0.0
        self._lock = threading.Lock()

    def hit(self) -> bool:
        with self._lock:
            if self._count > 0:
                self._count -= 1
                return True
            self._owed += self._rate
            if self._owed < 1 - 1e-9:
                return False
            self._owed -= 1
            return True


def _elapsed_ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _parse(body: bytes) -> JsonObject:
    try:
        return parse_object(body)
    except ServiceError as error:
        raise validation_error(error.message) from error


def _countable(body: JsonObject) -> str:
    source = body.get("input") or {}
    if "converse" in source:
        conversation = converse.parse(source["converse"])
        return "\n".join([conversation.system, *(text for _, text in conversation.turns)])
    try:
        return base64.b64decode(source["invokeModel"]["body"]).decode()
    except (KeyError, TypeError, ValueError) as error:
        raise validation_error("input must hold converse, or invokeModel with a body") from error
