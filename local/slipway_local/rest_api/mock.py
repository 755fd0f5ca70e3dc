"""MOCK integrations, which answer CORS preflight requests: templates, status, headers, overrides.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
"""

import base64
import functools
import json
import re
from typing import Any
from urllib.parse import quote, unquote

from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import GatewayError, Response, mapped
from slipway_local.rest_api.vtl import compile_template

# The body that a request template makes is read as leniently as API Gateway reads it: CDK writes { statusCode: 200 }.
STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})""")
HEADER = "method.response.header."
_compiled = functools.lru_cache(256)(compile_template)


def check_templates(integration: dict[str, Any]) -> None:
    """Compile all templates of an integration as CloudFormation has it. Raises: TemplateSyntaxError."""
    responses = integration.get("IntegrationResponses", [])
    for holder in (integration.get("RequestTemplates"), *(one.get("ResponseTemplates") for one in responses)):
        for template in (holder or {}).values():
            compile_template(template or "")


def answer(integration: Any, request: ApiRequest, context: dict[str, Any], variables: dict[str, str]) -> Response:
    """Answer a request as a MOCK integration is configured to. Raises: GatewayError where it is not configured."""
    scope = _scope(request, context, variables)
    templates = integration.request_templates or {}
    made = _compiled(templates.get(request.content_type) or "")(scope)
    status = found[1] if (found := STATUS.search(made)) else None
    responses = list((integration.integration_responses or {}).values())
    chosen = next((one for one in responses if status and _selects(one, status)), None)
    chosen = chosen or next((one for one in responses if not one.selection_pattern), None)
    if status is None or chosen is None:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
    headers = {"Content-Type": "application/json"} | {
        name.removeprefix(HEADER): mapped(str(value), request, context, variables)
        for name, value in (chosen.response_parameters or {}).items()
        if name.startswith(HEADER)
    }
    accepted = chosen.response_templates or {}
    body = _compiled(accepted.get("application/json") or next(iter(accepted.values()), None) or "")(scope)
    override = scope["context"]["responseOverride"]
    headers |= {name: str(value) for name, value in override.get("header", {}).items() if value is not None}
    code = int(override.get("status") or chosen.status_code)
    # A template of directives leaves line ends, which a 204 cannot carry.
    return code, list(headers.items()), b"" if code == 204 else body.encode()


def _selects(response: Any, status: str) -> bool:
    return bool(response.selection_pattern) and re.fullmatch(response.selection_pattern, status) is not None


def _scope(request: ApiRequest, context: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    groups = {
        "path": context.get("pathParameters") or {},
        "querystring": {name: values[-1] for name, values in request.query.items()},
        "header": _Headers(request.headers),
    }

    def params(name: str | None = None) -> Any:
        return groups if name is None else next((one[name] for one in groups.values() if name in one), "")

    def whole(path: str) -> str:
        if path != "$":
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
        return request.body.decode("utf-8", "replace")

    return {
        "input": {"params": params, "body": request.body.decode("utf-8", "replace"), "json": whole},
        "context": {**context, "responseOverride": {"header": {}}},
        "stageVariables": variables,
        "util": UTILITIES,
    }


class _Headers(dict[str, str]):
    """Headers as templates see them: whatever the case, and empty where there is none."""

    def get(self, name: str, default: Any = "") -> Any:
        """Return a header's value."""
        return next((value for key, value in self.items() if key.lower() == name.lower()), default)


UTILITIES = {
    "escapeJavaScript": lambda text: json.dumps(str(text))[1:-1].replace("'", "\\'"),
    "base64Encode": lambda text: base64.b64encode(str(text).encode()).decode(),
    "base64Decode": lambda text: base64.b64decode(str(text)).decode(),
    "urlEncode": lambda text: quote(str(text), safe=""),
    "urlDecode": lambda text: unquote(str(text)),
}
