"""Serves REST APIs at `/_aws/execute-api/{apiId}/{stage}/…`: what the stage's deployment holds.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (10 MB payload, 29 s) and
https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
"""

import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slipway_local.aws import Place
from slipway_local.aws_json import ServiceError
from slipway_local.functions.service import Functions
from slipway_local.metrics.requests import NAMESPACE, answered
from slipway_local.metrics.series import report
from slipway_local.rest_api import mock, user_pools
from slipway_local.rest_api.authorizers import LambdaAuthorizers
from slipway_local.rest_api.deployments import Deployed, DeployedResource, deployed
from slipway_local.rest_api.event import request_context, request_part
from slipway_local.rest_api.lambda_proxy import LambdaProxy, NotPermittedError, function_of, permitted, proxy_response
from slipway_local.rest_api.paths import most_specific
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import GatewayError, Response, render, send
from slipway_local.rest_api.streaming import URI_SUFFIX, stream
from slipway_local.rest_api.throttle import TokenBuckets
from slipway_local.rest_api.usage_plans import UsagePlans
from slipway_local.rest_api.validation import validate

INTEGRATION_TIMEOUT_MS = 29_000
FAULTS = {
    "REQUEST_TOO_LARGE": "Request Too Long",
    "BAD_REQUEST": "Bad Request",
    "HEADERS_TOO_LARGE": "HTTP header is larger than 10240 bytes.",
}


@dataclass(kw_only=True)
class _Call:
    """A request on its way, and what has been found out about it."""

    request: ApiRequest
    context: dict[str, Any] = field(default_factory=dict)
    stage: Any = None
    api: Deployed | None = None
    name: str = ""
    path_parameters: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        return (self.stage.variables if self.stage else None) or {}

    @property
    def event(self) -> dict[str, Any]:
        return request_part(self.request, self.context, self.path_parameters, self.variables)


class RestApis:
    """A WSGI application for all REST APIs of one account and region."""

    def __init__(self, functions: Functions, proxy: LambdaProxy, plans: UsagePlans, place: Place) -> None:
        self._account = place.account
        self._region = place.region
        self._functions = functions
        self._proxy = proxy
        self._authorizers = LambdaAuthorizers(functions)
        self._usage_plans = plans
        self._buckets = TokenBuckets()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        began, request = time.monotonic(), ApiRequest.read(environ)
        request.enter_stage()
        call = _Call(request=request, context=request_context(request, self._account, "", ""))
        try:
            status, headers, body = self._serve(call)
        except Exception as error:
            if not isinstance(error, GatewayError):
                traceback.print_exc(file=sys.stderr)
                error = GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
            customised = call.api.gateway_responses if call.api else {}
            status, headers, body = render(error, customised, request, call.context, call.variables)
        if call.api is not None:
            dimensions = {"ApiName": call.name, "Stage": request.stage}
            report(
                self._account, self._region, NAMESPACE, dimensions, answered(status, (time.monotonic() - began) * 1000)
            )
        return send(start_response, status, [*headers, ("x-amzn-RequestId", request.request_id)], body)

    def _serve(self, call: _Call) -> Response:
        request, api = call.request, self._find(call)
        resource, method = self._route(call, api)
        call.context = request_context(request, self._account, resource.id, resource.path)
        if request.fault:
            raise GatewayError(request.fault, FAULTS[request.fault])
        self._throttle(call.stage, request, resource.path)
        identifier = self._authorize(call, api, method)
        if method.api_key_required:
            value = identifier if api.api_key_source == "AUTHORIZER" else request.header("x-api-key")
            name = f"{resource.path}/{request.method}"
            key = self._usage_plans.admit(value, request.api_id, request.stage, name)
            call.context["identity"] |= {"apiKey": key.value, "apiKeyId": key.id}
        validate(request, api, method, call.path_parameters)
        integration = method.method_integration
        if integration.integration_type == "MOCK":
            context = {**call.context, "pathParameters": call.path_parameters}
            return mock.answer(integration, request, context, call.variables)
        return self._call_function(call, api, integration)

    def _find(self, call: _Call) -> Deployed:
        from moto.apigateway.models import apigateway_backends

        api = apigateway_backends[self._account][self._region].apis.get(call.request.api_id)
        call.name = api.name if api is not None else ""
        call.stage = api.stages.get(call.request.stage) if api is not None else None
        call.api = deployed(api, call.stage) if call.stage is not None else None
        if call.api is None:
            raise GatewayError("FORBIDDEN", "Forbidden")
        return call.api

    @staticmethod
    def _route(call: _Call, api: Deployed) -> tuple[DeployedResource, Any]:
        resources = {one.path: one for one in api.resources}
        found = most_specific(resources, call.request.path)
        resource = resources[found[0]] if found else None
        method = (resource.methods.get(call.request.method) or resource.methods.get("ANY")) if resource else None
        if found is None or resource is None or method is None or method.method_integration is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        call.path_parameters = found[1]
        return resource, method

    def _throttle(self, stage: Any, request: ApiRequest, path: str) -> None:
        """Take a token of the method's bucket; its limits are its own, or those that the stage gives each method."""
        method = f"{path.replace('/', '~1')}/{request.method}"
        for name in (method, "*/*"):
            settings = stage.method_settings.get(name)
            if settings is not None:
                rate, burst = settings["throttlingRateLimit"], settings["throttlingBurstLimit"]
                if not self._buckets.take((request.api_id, request.stage, method, rate, burst), rate, burst):
                    raise GatewayError("THROTTLED", "Too Many Requests")
                return

    def _authorize(self, call: _Call, api: Deployed, method: Any) -> str | None:
        """Fill in `requestContext.authorizer` and return the usage identifier key, if the authorizer gave one."""
        request, identifier = call.request, None
        kind = method.authorization_type
        if kind == "AWS_IAM" and "AWS4-HMAC" not in (request.header("Authorization") or ""):
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        if kind == "COGNITO_USER_POOLS":
            authorizer = api.authorizers[method.authorizer_id]
            call.context["authorizer"] = user_pools.authorize(authorizer, method.authorization_scopes, request)
        if kind == "CUSTOM":
            target = f"{request.api_id}/{request.stage}/{request.method}/{request.path.lstrip('/')}"
            authorizer = api.authorizers[method.authorizer_id]
            found, identifier = self._authorizers.authorize(authorizer, request, call.event, self._arn(target))
            call.context["authorizer"] = found
        return identifier

    def _arn(self, target: str) -> str:
        return f"arn:aws:execute-api:{self._region}:{self._account}:{target}"

    def _call_function(self, call: _Call, api: Deployed, integration: Any) -> Response:
        binary = "*/*" in api.binary_types or call.request.content_type in api.binary_types
        text, encoded = call.request.text(binary)
        event = {**call.event, "body": text, "isBase64Encoded": encoded}
        timeout_ms = float(integration.timeout_in_millis or INTEGRATION_TIMEOUT_MS)
        source = self._arn(
            f"{call.request.api_id}/{call.request.stage}/{call.request.method}{call.context['resourcePath']}"
        )
        if integration.uri.endswith(URI_SUFFIX):
            function = function_of(integration.uri.removesuffix(URI_SUFFIX), call.variables)
            return self._streamed(function, event, timeout_ms / 1000, source)
        try:
            done = self._proxy.call(integration.uri, call.variables, event, timeout_ms, source)
        except TimeoutError:
            raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from None
        except NotPermittedError:
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
        except ServiceError:  # throttled
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from None
        try:
            if done.failed:
                raise ValueError("the function failed")
            return proxy_response(done.payload, binary=bool(api.binary_types))
        except ValueError:
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from None

    def _streamed(self, function: str, event: dict[str, Any], timeout_seconds: float, source: str) -> Response:
        try:
            return stream(self._functions, permitted(function, source), event, timeout_seconds)
        except NotPermittedError:
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
