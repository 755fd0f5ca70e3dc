"""Serves HTTP APIs at `/_aws/execute-api/{apiId}/…`: the named stage's part of the path, or the stage $default's.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

import json
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.functions.service import Functions
from slipway_local.http_api import cors
from slipway_local.http_api.authorizers import HttpLambdaAuthorizers, jwt_claims
from slipway_local.http_api.control_plane import served
from slipway_local.http_api.errors import HttpApiError
from slipway_local.http_api.event import format_one, format_two, is_text, response_of
from slipway_local.rest_api.lambda_proxy import LambdaProxy, NotPermittedError
from slipway_local.rest_api.paths import most_specific
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import Response, send
from slipway_local.rest_api.throttle import TokenBuckets

INTEGRATION_TIMEOUT_MS = 30_000
DEFAULT = "$default"
FAULTS = {
    "REQUEST_TOO_LARGE": (413, "Request Entity Too Large"),
    "BAD_REQUEST": (400, "Bad Request"),
    "HEADERS_TOO_LARGE": (431, "Request Header Fields Too Large"),
}


class HttpApis:
    """A WSGI application for all HTTP APIs of one account and region."""

    def __init__(self, functions: Functions, proxy: LambdaProxy, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._proxy = proxy
        self._authorizers = HttpLambdaAuthorizers(functions)
        self._buckets = TokenBuckets()

    def knows(self, api_id: str) -> bool:
        """Return whether there is an HTTP API with this id."""
        return api_id in self._apis()

    def _apis(self) -> Any:
        from moto.apigatewayv2.models import apigatewayv2_backends

        return apigatewayv2_backends[self._account][self._region].apis

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        request = ApiRequest.read(environ)
        response: Response
        config = self._apis()[request.api_id].cors_configuration
        try:
            if config and cors.is_preflight(request):
                response = 204, cors.headers_for(config, request, preflight=True), b""
            else:
                response = self._serve(request)
        except HttpApiError as error:
            response = _rendered(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = _rendered(HttpApiError(500, "Internal Server Error"))
        status, headers, body = response
        if config and request.method != "OPTIONS":
            headers = [*cors.without_cors(headers), *cors.headers_for(config, request, preflight=False)]
        return send(start_response, status, [*headers, ("apigw-requestid", request.request_id)], body)

    def _serve(self, request: ApiRequest) -> Response:
        api = self._apis()[request.api_id]
        stage = self._enter_stage(request, api)
        deployment = served(api, stage)
        route, path_parameters = _route(deployment, request)
        if request.fault:
            raise HttpApiError(*FAULTS[request.fault])
        self._throttle(request, stage, route.route_key)
        variables = stage.stage_variables or {}
        facts = (request, self._account, route.route_key, path_parameters, variables)
        context = self._authorize(deployment, route, facts)
        integration = deployment.integrations[route.target.removeprefix("integrations/")]
        version = integration.payload_format_version or "1.0"
        event = format_two(*facts) if version == "2.0" else format_one(*facts)
        if context:
            event["requestContext"]["authorizer"] = context if version == "2.0" else _flat(context)
        text, encoded = request.text(not is_text(request))
        event |= {"isBase64Encoded": encoded} | ({"body": text} if text is not None or version == "1.0" else {})
        source = f"{request.api_id}/{request.stage}/{route.route_key.replace(' /', '/')}"
        return self._call(integration, version, variables, event, source)

    @staticmethod
    def _enter_stage(request: ApiRequest, api: Any) -> Any:
        first = request.path.removeprefix("/").partition("/")[0]
        if first in api.stages and first != DEFAULT:
            request.enter_stage()
        else:
            request.stage = DEFAULT
        if request.stage not in api.stages or served(api, api.stages[request.stage]) is None:
            raise HttpApiError(404, "Not Found")
        return api.stages[request.stage]

    def _throttle(self, request: ApiRequest, stage: Any, route_key: str) -> None:
        """Take a token of the route's bucket; its limits are its own, or those that the stage gives each route."""
        for settings in ((stage.route_settings or {}).get(route_key), stage.default_route_settings):
            limits = settings or {}
            rate = limits.get("throttlingRateLimit")
            if rate is not None:
                burst = limits.get("throttlingBurstLimit", rate)
                if not self._buckets.take((request.api_id, request.stage, route_key, rate, burst), rate, burst):
                    raise HttpApiError(429, "Too Many Requests")
                return

    def _authorize(self, deployment: Any, route: Any, facts: Any) -> dict[str, Any]:
        """Return `requestContext.authorizer` of format 2.0."""
        request = facts[0]
        if route.authorization_type == "AWS_IAM" and "AWS4-HMAC" not in (request.header("Authorization") or ""):
            raise HttpApiError(403, "Forbidden")
        if route.authorization_type not in ("JWT", "CUSTOM"):
            return {}
        authorizer = deployment.authorizers[route.authorizer_id]
        if route.authorization_type == "JWT":
            return {"jwt": jwt_claims(authorizer, route.authorization_scopes or [], request, self._account)}
        version = authorizer.auth_payload_format_version
        event = format_two(*facts) if version == "2.0" else format_one(*facts)
        target = f"{request.api_id}/{request.stage}/{request.method}/{request.path.lstrip('/')}"
        arn = f"arn:aws:execute-api:{self._region}:{self._account}:{target}"
        return {"lambda": self._authorizers.authorize(authorizer, request, event, arn)}

    def _call(
        self, integration: Any, version: str, variables: dict[str, str], event: dict[str, Any], source: str
    ) -> Response:
        timeout_ms = float(integration.timeout_in_millis or INTEGRATION_TIMEOUT_MS)
        try:
            arn = f"arn:aws:execute-api:{self._region}:{self._account}:{source}"
            done = self._proxy.call(integration.integration_uri, variables, event, timeout_ms, arn)
        except TimeoutError:
            raise HttpApiError(503, "Service Unavailable") from None
        except (NotPermittedError, ServiceError):  # not allowed, or throttled
            raise HttpApiError(500, "Internal Server Error") from None
        try:
            if done.failed:
                raise ValueError("the function failed")
            return response_of(done.payload, version)
        except ValueError:
            raise HttpApiError(500, "Internal Server Error") from None


def _route(deployment: Any, request: ApiRequest) -> tuple[Any, dict[str, str]]:
    """Return the route: the verb's own before ANY, the most specific path first, $default last."""
    routes = {route.route_key: route for route in deployment.routes.values()}
    paths: dict[str, Any] = {}
    for verb in ("ANY", request.method):
        paths |= {key.partition(" ")[2]: one for key, one in routes.items() if key.startswith(f"{verb} ")}
    if found := most_specific(paths, request.path):
        return paths[found[0]], found[1]
    if DEFAULT in routes:
        return routes[DEFAULT], {}
    raise HttpApiError(404, "Not Found")


def _flat(context: dict[str, Any]) -> dict[str, Any]:
    """Return the authorizer's context as format 1.0 has it: what a function said lies at the top."""
    return dict(context["lambda"]) if "lambda" in context else dict(context["jwt"])


def _rendered(error: HttpApiError) -> Response:
    body = json.dumps({"message": error.message}).encode()
    return error.status, [("Content-Type", "application/json"), *error.headers.items()], body
