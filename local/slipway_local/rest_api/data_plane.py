"""Serves REST APIs at `/_aws/execute-api/{apiId}/{stage}/…` from moto's records of them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (10 MB payload, 29 s) and
https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
"""

import base64
import json
import sys
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from slipway_local.functions.invocation import Invocation
from slipway_local.functions.service import Functions
from slipway_local.rest_api.authorizers import TokenAuthorizers
from slipway_local.rest_api.request import ApiRequest, Match, match
from slipway_local.rest_api.responses import GatewayError, render, send
from slipway_local.rest_api.streaming import URI_SUFFIX, stream

INTEGRATION_TIMEOUT_MS = 29_000
Response = tuple[int, list[tuple[str, str]], bytes | Iterator[bytes]]


class RestApis:
    """A WSGI application for all REST APIs of one account and region."""

    def __init__(self, functions: Functions, account: str, region: str) -> None:
        self._functions = functions
        self._account = account
        self._region = region
        self._authorizers = TokenAuthorizers(functions)
        self._calls = ThreadPoolExecutor(64, thread_name_prefix="rest-api")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        request = ApiRequest.read(environ)
        api = None
        body: bytes | Iterator[bytes]
        try:
            api, stage = self._find(request)
            status, headers, body = self._serve(request, api, stage)
        except GatewayError as error:
            status, headers, body = render(error, api, request.request_id)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            internal = GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
            status, headers, body = render(internal, api, request.request_id)
        return send(start_response, status, [*headers, ("x-amzn-RequestId", request.request_id)], body)

    def _find(self, request: ApiRequest) -> tuple[Any, Any]:
        from moto.apigateway.models import apigateway_backends

        api = apigateway_backends[self._account][self._region].apis.get(request.api_id)
        stage = api.stages.get(request.stage) if api is not None else None
        if stage is None:
            raise GatewayError("FORBIDDEN", "Forbidden")
        return api, stage

    def _serve(self, request: ApiRequest, api: Any, stage: Any) -> Response:
        found = match(api, request.path)
        method = (found.methods.get(request.method) or found.methods.get("ANY")) if found else None
        if found is None or method is None or method.method_integration is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        if request.too_large:
            raise GatewayError("REQUEST_TOO_LARGE", "Request Too Long")
        authorizer = self._authorize(request, api, method)
        _validate(request, api, method, found)
        integration = method.method_integration
        if integration.integration_type == "MOCK":
            return _mock(integration)
        if integration.integration_type != "AWS_PROXY":
            raise GatewayError("API_CONFIGURATION_ERROR", f"{integration.integration_type} is not emulated")
        event = request.event(found, self._account, authorizer, stage.variables or {})
        return self._call(integration, stage, event)

    def _authorize(self, request: ApiRequest, api: Any, method: Any) -> dict[str, Any] | None:
        if method.api_key_required and not self._knows_key(request.header("x-api-key")):
            raise GatewayError("INVALID_API_KEY", "Forbidden")
        if method.authorization_type == "AWS_IAM" and "AWS4-HMAC" not in (request.header("Authorization") or ""):
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        if method.authorization_type != "CUSTOM":
            return None
        target = f"{request.api_id}/{request.stage}/{request.method}/{request.path.lstrip('/')}"
        arn = f"arn:aws:execute-api:{self._region}:{self._account}:{target}"
        authorizer = api.authorizers[method.authorizer_id]
        return self._authorizers.authorize(f"{request.api_id}/{request.stage}", authorizer, request.headers, arn)

    def _knows_key(self, value: str | None) -> bool:
        from moto.apigateway.models import apigateway_backends

        keys = apigateway_backends[self._account][self._region].keys.values()
        return any(key.value == value and key.enabled for key in keys)

    def _call(self, integration: Any, stage: Any, event: dict[str, Any]) -> Response:
        streams = integration.uri.endswith(URI_SUFFIX)
        function = integration.uri.split("/functions/")[1].removesuffix(URI_SUFFIX).removesuffix("/invocations")
        for name, value in (stage.variables or {}).items():
            function = function.replace(f"${{stageVariables.{name}}}", value)
        seconds = int(integration.timeout_in_millis or INTEGRATION_TIMEOUT_MS) / 1000
        if streams:
            return stream(self._functions, function, event, seconds)
        running = self._calls.submit(self._functions.invoke_arn, function, json.dumps(event).encode())
        try:
            done: Invocation = running.result(timeout=seconds)
        except FutureTimeoutError:
            raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from None
        if done.failed:
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error")
        return _proxy_response(done.payload)


def _proxy_response(payload: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the HTTP response that a function's answer describes; a malformed answer is a 502."""
    try:
        answer = json.loads(payload)
        status = int(answer["statusCode"])
        single, several = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
        text = answer.get("body") or ""
        if not isinstance(text, str):
            raise TypeError("body is no text")
        body = base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()
        headers = [(str(name), str(value)) for name, values in several.items() for value in values]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from None
    given = {name.lower() for name, _ in headers}
    headers += [(str(name), _text(value)) for name, value in single.items() if name.lower() not in given]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return status, headers, body


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _validate(request: ApiRequest, api: Any, method: Any, found: Match) -> None:
    """Check what the method's request validator asks for."""
    validator = api.request_validators.get(method.request_validator_id) if method.request_validator_id else None
    if validator is None:
        return
    if validator.validate_request_parameters:
        missing = [
            name.rsplit(".", 1)[-1]
            for name, required in (method.request_parameters or {}).items()
            if str(required).lower() == "true" and not _has(request, found, name)
        ]
        if missing:
            text = f"Missing required request parameters: [{', '.join(sorted(missing))}]"
            raise GatewayError("BAD_REQUEST_PARAMETERS", text)
    model = (method.request_models or {}).get("application/json")
    if validator.validate_request_body and model:
        _validate_body(request, api.models.values(), model)


def _has(request: ApiRequest, found: Match, name: str) -> bool:
    place, key = name.split(".", 3)[2:]
    if place == "header":
        return request.header(key) is not None
    return key in (request.query if place == "querystring" else found.path_parameters)


def _validate_body(request: ApiRequest, models: Iterable[Any], name: str) -> None:
    import jsonschema

    schema = next((model.schema for model in models if model.name == name), None)
    try:
        content = json.loads(request.body)
        if schema:
            jsonschema.Draft4Validator(json.loads(schema)).validate(content)
    except (ValueError, jsonschema.ValidationError):
        raise GatewayError("BAD_REQUEST_BODY", "Invalid request body") from None


def _mock(integration: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """Answer a MOCK integration, which CDK makes for CORS preflight requests."""
    template = (integration.request_templates or {}).get("application/json", "{}")
    try:
        status = str(json.loads(template.replace("'", '"')).get("statusCode", 200))
    except ValueError:
        status = "200"
    response = (integration.integration_responses or {}).get(status)
    if response is None:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
    prefix = "method.response.header."
    headers = [
        (name.removeprefix(prefix), str(value).strip("'"))
        for name, value in (response.response_parameters or {}).items()
        if name.startswith(prefix)
    ]
    templates = response.response_templates or {}
    return int(status), headers, str(next(iter(templates.values()), "") or "").encode()
