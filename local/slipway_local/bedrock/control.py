"""The control plane of guardrails, and the list of models: what boto3's `bedrock` client calls.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error, validation_error
from .guardrails import Guardrails
from .models import summaries

PATHS = re.compile(r"/(guardrails|foundation-models)(/(?P<id>.+))?")
_MAX_REQUEST_BYTES = 1_000_000
_SUMMARY = ("name", "description", "status", "version", "createdAt", "updatedAt")


class BedrockControl:
    """Create, update, publish, get, list and delete guardrails; list the models."""

    def __init__(self, guardrails: Guardrails) -> None:
        self._guardrails = guardrails

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = parse_object(read_body(environ, _MAX_REQUEST_BYTES))
            query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            path = PATHS.fullmatch(environ["PATH_INFO"])
            identifier = unquote(path["id"]) if path and path["id"] else None
            models = environ["PATH_INFO"].startswith("/foundation-models")
            status, answer = _models(identifier) if models else self._act(environ, identifier, query, body)
            return respond(start_response, answer, status)
        except ServiceError as error:
            return respond_error(start_response, error)

    def _act(
        self, environ: WSGIEnvironment, identifier: str | None, query: dict[str, str], body: JsonObject
    ) -> tuple[int, JsonObject]:
        guardrails, version = self._guardrails, query.get("guardrailVersion")
        match environ["REQUEST_METHOD"], identifier:
            case "POST", None:
                _check("CreateGuardrail", body)
                return 202, _only(guardrails.create(body), "guardrailId", "guardrailArn", "version", "createdAt")
            case "GET", None:
                found = guardrails.list(query.get("guardrailIdentifier"))
                return 200, {"guardrails": [_summary(one) for one in found]}
            case "POST", str(known):
                published = guardrails.publish(known, body.get("description"))
                return 202, _only(published, "guardrailId", "version")
            case "GET", str(known):
                return 200, guardrails.get(known, version)
            case "PUT", str(known):
                _check("UpdateGuardrail", {**body, "guardrailIdentifier": known})
                updated = guardrails.update(known, body)
                return 202, _only(updated, "guardrailId", "guardrailArn", "version", "updatedAt")
            case "DELETE", str(known):
                guardrails.delete(known, version)
                return 202, {}
        raise ServiceError("UnknownOperationException", "There is no such operation", 404)


def _models(identifier: str | None) -> tuple[int, JsonObject]:
    found = summaries()
    if identifier is None:
        return 200, {"modelSummaries": list(found.values())}
    if identifier not in found:
        raise ServiceError("ResourceNotFoundException", "The model identifier provided is invalid.", 404)
    return 200, {"modelDetails": found[identifier]}


def _check(operation: str, body: JsonObject) -> None:
    """Raise ServiceError where a request breaks botocore's model of it."""
    from botocore.validate import ParamValidator
    from moto.core.utils import get_service_model

    shape = get_service_model("bedrock").operation_model(operation).input_shape
    report = ParamValidator().validate(body, shape)
    if report.has_errors():
        raise validation_error(report.generate_report())


def _only(record: JsonObject, *keys: str) -> JsonObject:
    return {key: record[key] for key in keys}


def _summary(record: JsonObject) -> dict[str, Any]:
    kept = {key: record[key] for key in _SUMMARY if key in record}
    return {"id": record["guardrailId"], "arn": record["guardrailArn"], **kept}
