"""How asynchronous events of a function, version or alias are tried: moto keeps one for all, and no change of it.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
"""

import json
import time
from typing import Any
from urllib.parse import unquote

from slipway_local.aws_json import ServiceError
from slipway_local.functions.callee import Callee, find
from slipway_local.functions.invoke_api import Response, error_response
from slipway_local.permissions.execution_roles import check_delivery


def settings_of(callee: Callee) -> dict[str, Any]:
    """Return the settings for the function, version or alias that the caller named, empty without any."""
    return dict(_known(callee).get(callee.qualifier, {}))


def _known(callee: Callee) -> dict[str, dict[str, Any]]:
    return callee.latest.__dict__.setdefault("slipway_event_invoke", {})  # type: ignore[no-any-return]


def _callee(response: Any) -> Callee:
    name = unquote(response.path.split("/functions/")[1].split("/event-invoke-config")[0])
    return find(response.backend, name, response._get_param("Qualifier"))


def _shown(callee: Callee, qualifier: str) -> dict[str, Any]:
    arn = ":".join(callee.arn.split(":")[:7])
    return {"FunctionArn": f"{arn}:{qualifier}", **_known(callee)[qualifier]}


def _write(response: Any, *, keep: bool) -> Response:
    from moto.awslambda.models import EventInvokeConfig

    callee, given = _callee(response), json.loads(response.body)
    EventInvokeConfig(callee.arn, "", given)  # raises for what Lambda refuses
    for side in (given.get("DestinationConfig") or {}).values():
        if destination := side.get("Destination"):
            check_delivery(str(callee.record.role), destination, destination)
    settings = {**(settings_of(callee) if keep else {}), **given, "LastModified": time.time()}
    _known(callee)[callee.qualifier] = settings
    return 200, {}, json.dumps(_shown(callee, callee.qualifier))


def _missing(callee: Callee) -> Response:
    message = f"The function {callee.arn} doesn't have an EventInvokeConfig"
    return error_response(ServiceError("ResourceNotFoundException", message, 404, Type="User"))


def install() -> None:
    """Put these settings in place of moto's."""
    from moto.awslambda.responses import LambdaResponse

    def get(self: Any) -> Response:
        callee = _callee(self)
        if callee.qualifier not in _known(callee):
            return _missing(callee)
        return 200, {}, json.dumps(_shown(callee, callee.qualifier))

    def delete(self: Any) -> Response:
        callee = _callee(self)
        if _known(callee).pop(callee.qualifier, None) is None:
            return _missing(callee)
        return 204, {"status": 204}, ""

    def list_all(self: Any) -> Response:
        callee = _callee(self)
        found = [_shown(callee, qualifier) for qualifier in _known(callee)]
        return 200, {}, json.dumps({"FunctionEventInvokeConfigs": found})

    LambdaResponse.put_function_event_invoke_config = lambda self: _write(self, keep=False)
    LambdaResponse.update_function_event_invoke_config = lambda self: _write(self, keep=True)
    LambdaResponse.get_function_event_invoke_config = get
    LambdaResponse.delete_function_event_invoke_config = delete
    LambdaResponse.list_function_event_invoke_configs = list_all
