"""The OpenAPI 3.1 document of the gateway, made from the types that check requests.

Source: OpenAPI Specification 3.1.0; its schemas are JSON Schema 2020-12, which is what msgspec writes.
"""

import re
from typing import Any

import msgspec

from slipway_runtime.handlers.openapi_operations import OPERATIONS, TYPES, Operation

COMPONENT = "#/components/schemas/{name}"
ERROR = {"$ref": COMPONENT.format(name="ErrorAnswer")}
PARAMETER = re.compile(r"\{(\w+)\}")
ERRORS = {
    "400": "The request is wrong; `param` names where.",
    "401": "The key is missing or wrong.",
    "403": "The key may not do this.",
    "404": "There is no such thing or path.",
    "405": "The path does not have this method.",
    "409": "What is there already, or its state, does not allow this.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not sent as application/json.",
    "429": "A limit is reached; `retry-after` says when to try again.",
    "500": "The gateway failed.",
    "502": "The model's answer could not be read.",
    "503": "The model or the document store is not available; `retry-after` says when to try again.",
    "504": "The model did not answer in time.",
}


def document() -> dict[str, Any]:
    """Return the document; parts that an environment leaves out answer 403 or 404 there."""
    schemas, components = msgspec.json.schema_components(TYPES, ref_template=COMPONENT)
    references = dict(zip(TYPES, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/v1/{operation.path}", {})[operation.verb] = _described(operation, references)
    events = {"schema": {"type": "string", "description": "Chunks as server-sent events, ended by data: [DONE]."}}
    paths["/v1/chat/completions"]["post"]["responses"]["200"]["content"]["text/event-stream"] = events
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slipway gateway", "version": "1", "description": "OpenAI-compatible models and answers."},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {status: {"description": text, "content": _json(ERROR)} for status, text in ERRORS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation, references: dict[type, dict[str, Any]]) -> dict[str, Any]:
    answer = references[operation.answer] if operation.answer else {"type": "object"}
    responses: dict[str, Any] = {status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS}
    responses["200"] = {"description": "The answer.", "content": _json(answer)}
    found: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary, "responses": responses}
    if parameters := _parameters(operation):
        found["parameters"] = parameters
    if operation.body:
        found["requestBody"] = {"required": True, "content": _json(references[operation.body])}
    return found


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1}
    names = PARAMETER.findall(operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": text} for name in names] + [
        {"name": name, "in": "query", "required": False, "schema": schema} for name, schema in operation.query.items()
    ]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
