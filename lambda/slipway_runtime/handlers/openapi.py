"""The OpenAPI 3.1 document of the gateway, made from the types that check requests.

Source: OpenAPI Specification 3.1.0; its schemas are JSON Schema 2020-12, which is what msgspec writes.
"""

from typing import Any

import msgspec

from slipway_runtime.handlers.answer_types import (
    ChatCompletion,
    EmbeddingList,
    ErrorAnswer,
    ModelDescription,
    ModelList,
)
from slipway_runtime.handlers.chat_types import ChatRequest
from slipway_runtime.handlers.embeddings import EmbeddingRequest

COMPONENT = "#/components/schemas/{name}"
TYPES = (ChatRequest, EmbeddingRequest, ChatCompletion, EmbeddingList, ModelList, ModelDescription, ErrorAnswer)
ERRORS = {
    "400": "The request is wrong; `param` names where.",
    "401": "The key is missing or wrong.",
    "403": "The key may not do this.",
    "404": "There is no such model or path.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not sent as application/json.",
    "429": "A limit is reached; `retry-after` says when to try again.",
    "500": "The gateway failed.",
    "502": "The model's answer could not be read.",
    "503": "The model or the document store is not available; `retry-after` says when to try again.",
    "504": "The model did not answer in time.",
}


def document() -> dict[str, Any]:
    """Return the document."""
    _, components = msgspec.json.schema_components(TYPES, ref_template=COMPONENT)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slipway gateway", "version": "1", "description": "OpenAI-compatible models and answers."},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {
            "/v1/chat/completions": {"post": _chat()},
            "/v1/embeddings": {"post": _post("createEmbeddings", "Embed texts.", "EmbeddingRequest", "EmbeddingList")},
            "/v1/models": {"get": _operation("listModels", "List the aliases.", "ModelList")},
            "/v1/models/{id}": {"get": _model()},
            "/v1/openapi.json": {"get": _operation("describe", "This document.", None)},
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _chat() -> dict[str, Any]:
    chat = _post("createChatCompletion", "Answer a conversation, whole or streamed.", "ChatRequest", "ChatCompletion")
    events = {"schema": {"type": "string", "description": "Chunks as server-sent events, ended by data: [DONE]."}}
    chat["responses"]["200"]["content"]["text/event-stream"] = events
    return chat


def _model() -> dict[str, Any]:
    operation = _operation("retrieveModel", "Describe one alias.", "ModelDescription")
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return operation | {"parameters": [parameter]}


def _post(identifier: str, summary: str, asked: str, answered: str) -> dict[str, Any]:
    body = {"required": True, "content": _json(asked)}
    return _operation(identifier, summary, answered) | {"requestBody": body}


def _operation(identifier: str, summary: str, answered: str | None) -> dict[str, Any]:
    good = {"description": "The answer.", "content": _json(answered)}
    errors = {status: {"description": text, "content": _json("ErrorAnswer")} for status, text in ERRORS.items()}
    return {"operationId": identifier, "summary": summary, "responses": {"200": good, **errors}}


def _json(name: str | None) -> dict[str, Any]:
    schema = {"$ref": COMPONENT.format(name=name)} if name else {"type": "object"}
    return {"application/json": {"schema": schema}}
