"""The event of a proxied function, format 1.0, which REST authorizers of type REQUEST get too.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import time
from typing import Any

from slipway_local.rest_api.request import ApiRequest


def request_context(request: ApiRequest, account: str, resource_id: str, resource_path: str) -> dict[str, Any]:
    """Return `requestContext` without what an authorizer adds; templates see it as `$context`."""
    return {
        "accountId": account,
        "apiId": request.api_id,
        "domainName": request.header("Host") or "localhost",
        "extendedRequestId": request.request_id[:16],
        "httpMethod": request.method,
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")},
        "path": f"/{request.stage}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": request.request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(request.received)),
        "requestTimeEpoch": int(request.received * 1000),
        "resourceId": resource_id,
        "resourcePath": resource_path,
        "stage": request.stage,
    }


def request_part(
    request: ApiRequest, context: dict[str, Any], path_parameters: dict[str, str], variables: dict[str, str]
) -> dict[str, Any]:
    """Return the event without the body."""
    return {
        "resource": context["resourcePath"],
        "path": request.path,
        "httpMethod": request.method,
        "headers": request.headers or None,
        "multiValueHeaders": {key: [value] for key, value in request.headers.items()} or None,
        "queryStringParameters": {key: values[-1] for key, values in request.query.items()} or None,
        "multiValueQueryStringParameters": request.query or None,
        "pathParameters": path_parameters or None,
        "stageVariables": dict(variables) or None,
        "requestContext": context,
    }
