"""What a function gets from an HTTP API, in payload format 2.0 or 1.0, and what its answer means.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import json
import time
from typing import Any

from slipway_local.rest_api.event import request_context, request_part
from slipway_local.rest_api.lambda_proxy import body_bytes, header_text, proxy_response
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import Response

TEXT_TYPES = ("application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")
Settings = dict[str, Any]


def format_two(
    request: ApiRequest, account: str, route_key: str, path_parameters: dict[str, str], variables: dict[str, str]
) -> Settings:
    """Return the event in format 2.0, without the body."""
    cookie = request.header("Cookie")
    raw_path = request.path if request.stage == "$default" else f"/{request.stage}{request.path}"
    host = request.header("Host") or "localhost"
    event: Settings = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": request.query_string,
        "headers": {name.lower(): value for name, value in request.headers.items() if name.lower() != "cookie"},
        "requestContext": {
            "accountId": account,
            "apiId": request.api_id,
            "domainName": host,
            "domainPrefix": request.api_id,
            "http": {
                "method": request.method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": request.header("User-Agent") or "",
            },
            "requestId": request.request_id,
            "routeKey": route_key,
            "stage": request.stage,
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(request.received)),
            "timeEpoch": int(request.received * 1000),
        },
    }
    # Members that would be empty are left out of this format.
    optional = {
        "cookies": [one.strip() for one in cookie.split(";")] if cookie else None,
        "queryStringParameters": {key: ",".join(values) for key, values in request.query.items()},
        "pathParameters": path_parameters,
        "stageVariables": dict(variables),
    }
    return event | {name: value for name, value in optional.items() if value}


def format_one(
    request: ApiRequest, account: str, route_key: str, path_parameters: dict[str, str], variables: dict[str, str]
) -> Settings:
    """Return the event in format 1.0, without the body."""
    path = route_key.partition(" ")[2] or "$default"
    context = {**request_context(request, account, "", path), "resourceId": route_key}
    return {"version": "1.0", **request_part(request, context, path_parameters, variables)}


def is_text(request: ApiRequest) -> bool:
    """Return whether the body goes to a function as it is; anything else goes as base64."""
    return request.content_type.startswith("text/") or request.content_type in TEXT_TYPES


def response_of(payload: bytes, version: str) -> Response:
    """Return the response that a function's answer describes. Raises: ValueError for a malformed one."""
    if version == "1.0":
        return proxy_response(payload)
    answer = json.loads(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # Without a status the whole answer is the body of a 200.
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return 200, [("Content-Type", "application/json")], body.encode()
    try:
        headers = [(str(name), header_text(value)) for name, value in (answer.get("headers") or {}).items()]
        headers += [("Set-Cookie", str(cookie)) for cookie in answer.get("cookies") or []]
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "text/plain; charset=utf-8"))
        return int(answer["statusCode"]), headers, body_bytes(answer)
    except (TypeError, AttributeError) as error:
        raise ValueError("no proxy response") from error
