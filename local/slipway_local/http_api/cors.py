"""CORS of HTTP APIs: preflight requests are answered by the API, and a function's own CORS headers are dropped.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from typing import Any

from slipway_local.rest_api.request import ApiRequest

Headers = list[tuple[str, str]]


def is_preflight(request: ApiRequest) -> bool:
    """Return whether a browser asks what it may send."""
    asked = request.header("Origin") and request.header("Access-Control-Request-Method")
    return request.method == "OPTIONS" and bool(asked)


def headers_for(config: dict[str, Any], request: ApiRequest, *, preflight: bool) -> Headers:
    """Return the headers for the request's origin, none where it is not allowed."""
    origin = request.header("Origin") or ""
    allowed = _origin(config.get("allowOrigins") or [], origin)
    if not origin or not allowed:
        return []
    lists = {"allowMethods": "allow-methods", "allowHeaders": "allow-headers"} if preflight else {}
    lists["exposeHeaders"] = "expose-headers"
    headers = [("access-control-allow-origin", allowed)]
    headers += [(f"access-control-{name}", ",".join(config[key])) for key, name in lists.items() if config.get(key)]
    if config.get("allowCredentials"):
        headers.append(("access-control-allow-credentials", "true"))
    if preflight and config.get("maxAge") is not None:
        headers.append(("access-control-max-age", str(config["maxAge"])))
    return headers if allowed == "*" else [*headers, ("vary", "Origin")]


def without_cors(headers: Headers) -> Headers:
    """Return a function's headers without those that the API's own configuration decides."""
    return [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]


def _origin(allowed: list[str], origin: str) -> str:
    if "*" in allowed:
        return "*"
    schemes = {one.removesuffix("*") for one in allowed if one in ("https://*", "http://*")}
    matches = origin.lower() in {one.lower() for one in allowed} or origin.startswith(tuple(schemes) or ("\0",))
    return origin if matches else ""
