"""Amazon Bedrock's runtime API as a WSGI application: what boto3's `bedrock-runtime` client calls.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws import Place
from ..aws_json import (
    JsonObject,
    ServiceError,
    parse_object,
    read_body,
    respond,
    respond_error,
    validation_error,
)
from . import cohere, converse, rerank, stream, titan
from .embedder import Embedder
from .extractive import Extractive
from .guardrails import Guardrails
from .guardrails.apply import Guard, apply
from .models import TITAN, is_embedding, resolve, takes_images
from .openai_backend import OpenAiBackend

MAX_REQUEST_BYTES = 25_000_000
_PATH = re.compile(r"POST /model/(?P<model>.+)/(?P<operation>invoke|converse|converse-stream|count-tokens)")
_GUARDRAIL = re.compile(r"POST /guardrail/(?P<guardrail>.+)/version/(?P<version>[^/]+)/apply")
_OPERATIONS = {"invoke": "InvokeModel", "converse": "Converse", "converse-stream": "ConverseStream",
               "count-tokens": "CountTokens"}  # fmt: skip


class BedrockRuntime:
    """InvokeModel for embeddings, Converse, ConverseStream, CountTokens and ApplyGuardrail.

    Text comes from the OpenAI-compatible server at `model_url` (for example http://localhost:11434/v1), or, without
    one, from sentences of the documents in the prompt. `model_name` and `model_key` are that server's. `guardrails`
    are those that calls may name.
    """

    def __init__(
        self,
        *,
        model_url: str | None = None,
        model_name: str | None = None,
        model_key: str | None = None,
        guardrails: Guardrails | None = None,
    ) -> None:
        self._guardrails = guardrails or Guardrails(Place(endpoint_url=""))
        self.embedder = Embedder()
        self._backend: converse.TextBackend = (
            OpenAiBackend(model_url, name=model_name, key=model_key) if model_url else Extractive(self.embedder)
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        began = time.monotonic()
        try:
            body = read_body(environ, MAX_REQUEST_BYTES)
            target = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
            if guardrail := _GUARDRAIL.fullmatch(target):
                found = self._guardrails.get(guardrail["guardrail"], guardrail["version"])
                return respond(start_response, apply(found, _parse(body), self.embedder))
            if target == "POST /rerank":
                return respond(start_response, rerank.rerank(self.embedder, _parse(body)))
            path = _PATH.fullmatch(target)
            if path is None:
                raise ServiceError("UnknownOperationException", "There is no such operation", 404)
            operation, model = _OPERATIONS[path["operation"]], resolve(path["model"])
            if operation == "ConverseStream":
                frames = self._stream(model, body, began)
                start_response("200 OK", [("Content-Type", stream.CONTENT_TYPE)])
                return frames
            payload = self._call(operation, model, body, began)
            headers = [("X-Amzn-Bedrock-Invocation-Latency", str(_elapsed_ms(began)))]
            if operation == "InvokeModel":
                counted = payload.get("inputTextTokenCount") or sum(map(self.embedder.count_tokens, payload["texts"]))
                headers.append(("X-Amzn-Bedrock-Input-Token-Count", str(counted)))
            return respond(start_response, payload, headers=headers)
        except ServiceError as error:
            return respond_error(start_response, error)

    def _call(self, operation: str, model: str, body: bytes, began: float) -> JsonObject:
        if operation == "InvokeModel":
            if not is_embedding(model):
                raise validation_error("The local Bedrock has no InvokeModel for text models. Use Converse.")
            if model == TITAN:
                return titan.invoke(self.embedder, body)
            return cohere.invoke(self.embedder, body, version=4 if "v4" in model else 3)
        if operation == "CountTokens":
            return {"inputTokens": self.embedder.count_tokens(_countable(_parse(body), model))}
        conversation, guard = self._conversation(model, body)
        answer = converse.answer(self._reply(conversation, guard), _elapsed_ms(began))
        return answer | {"trace": guard.trace} if guard and guard.trace else answer

    def _stream(self, model: str, body: bytes, began: float) -> Iterator[bytes]:
        """Return the frames; with a guardrail or tools they begin when the whole reply has been assessed."""
        conversation, guard = self._conversation(model, body)
        if guard is None and conversation.tools.offered:
            reply = self._backend.reply(conversation)  # a call of a tool is known in whole before it can be told
            return stream.events([*stream.pieces(reply.text), reply], began)
        if guard is None:
            return stream.events(stream.begun(self._backend.stream(conversation)), began)
        reply = self._reply(conversation, guard)
        return stream.events([*stream.pieces(reply.text), reply], began, guard.trace)

    def _reply(self, conversation: converse.Conversation, guard: Guard | None) -> converse.Reply:
        if guard is None:
            return self._backend.reply(conversation)
        asked = guard.before(conversation)
        if isinstance(asked, converse.Reply):
            return asked
        reply = self._backend.reply(asked)
        # "Guardrails don't evaluate" what a model passes to a tool.
        return reply if reply.tool_use else guard.after(conversation, reply)

    def _conversation(self, model: str, body: bytes) -> tuple[converse.Conversation, Guard | None]:
        if is_embedding(model):
            raise validation_error(
                "This action doesn't support the model that you provided. "
                "Try again with a supported text or chat model."
            )
        request = _parse(body)
        conversation = converse.parse(request, model)
        if conversation.pictures and not takes_images(model):
            raise validation_error(
                "This model doesn't support the image content block that you provided. "
                "Update the content block and try again."
            )
        config = request.get("guardrailConfig")
        if config is None:
            return conversation, None
        found = self._guardrails.get(config.get("guardrailIdentifier", ""), config.get("guardrailVersion"))
        return conversation, Guard(found, config, self.embedder)


def _elapsed_ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _parse(body: bytes) -> JsonObject:
    try:
        return parse_object(body)
    except ServiceError as error:
        raise validation_error(error.message) from error


def _countable(body: JsonObject, model: str) -> str:
    source = body.get("input") or {}
    if "converse" in source:
        conversation = converse.parse(source["converse"], model)
        return "\n".join([conversation.system, *(text for _, text in conversation.turns)])
    try:
        return base64.b64decode(source["invokeModel"]["body"]).decode()
    except (KeyError, TypeError, ValueError) as error:
        raise validation_error("input must hold converse, or invokeModel with a body") from error
