"""Request validators: required parameters, and the body against a model (JSON schema draft 4).

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

import json
from typing import Any

from slipway_local.rest_api.deployments import Deployed
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import GatewayError

MODEL_URL = "/models/"


def validate(request: ApiRequest, api: Deployed, method: Any, path_parameters: dict[str, str]) -> None:
    """Check what the method's request validator asks for. Raises: GatewayError."""
    validator = api.request_validators.get(method.request_validator_id) if method.request_validator_id else None
    if validator is None:
        return
    if validator.validate_request_parameters:
        missing = [
            name.rsplit(".", 1)[-1]
            for name, required in (method.request_parameters or {}).items()
            if str(required).lower() == "true" and not _has(request, path_parameters, name)
        ]
        if missing:
            text = f"Missing required request parameters: [{', '.join(missing)}]"
            raise GatewayError("BAD_REQUEST_PARAMETERS", text, text)
    models = method.request_models or {}
    model = models.get(request.content_type) or models.get("$default")
    if validator.validate_request_body and model and model != "Empty":
        _validate_body(request, api.models, model)


def _has(request: ApiRequest, path_parameters: dict[str, str], name: str) -> bool:
    place, key = name.split(".", 3)[2:]
    if place == "header":
        return bool(request.header(key))
    return any(request.query.get(key, [])) if place == "querystring" else key in path_parameters


def _validate_body(request: ApiRequest, models: dict[str, Any], name: str) -> None:
    import jsonschema
    import referencing
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT4

    def model(url: str) -> Any:
        """Return another model of this API, which a schema names by its URL; nothing else is ever fetched."""
        return DRAFT4.create_resource(json.loads(models[url.rpartition(MODEL_URL)[2]].schema))

    make_registry: Any = referencing.Registry
    registry = make_registry(retrieve=model)
    try:
        content = json.loads(request.body)
        schema = json.loads(models[name].schema or "{}")
        errors = list(jsonschema.Draft4Validator(schema, registry=registry).iter_errors(content))
    except (KeyError, Unresolvable):
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
    except (ValueError, RecursionError):
        raise GatewayError("BAD_REQUEST_BODY", "Invalid request body", "[Invalid JSON]") from None
    if errors:
        found = f"[{', '.join(error.message for error in errors)}]"
        raise GatewayError("BAD_REQUEST_BODY", "Invalid request body", found)
