"""The Invoke API in place of moto's, which knows neither throttling, nor qualifiers, nor asynchronous events.

The records (code, layers, variables, versions, aliases) stay moto's. moto is pinned exactly because the seams here are
private.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from slipway_local.aws_json import ServiceError
from slipway_local.functions.callee import Callee, find
from slipway_local.functions.service import Functions
from slipway_local.permissions.execution_roles import check_function

KEPT_SETTINGS = ("LoggingConfig", "DeadLetterConfig")  # moto drops them
REQUEST_LIMIT_BYTES = {"RequestResponse": 6_291_456, "Event": 1_048_576}
Response = tuple[int, dict[str, Any], str | bytes]


def install(functions: Functions) -> None:
    """Put the functions behind moto's Lambda API."""
    from moto.awslambda.models import LambdaBackend, LambdaFunction
    from moto.awslambda.responses import LambdaResponse

    delete = LambdaBackend.delete_function

    def invoke(self: Any) -> Response:
        try:
            name = unquote(self.path.rsplit("/", 2)[-2])
            callee = find(self.backend, name, self._get_param("Qualifier"))
            return answer(functions, callee, self.headers, _bytes(self.body))
        except ServiceError as error:
            return error_response(error)

    def invoke_lambda(record: Any, event: Any = None) -> tuple[str, bool, str]:
        """Run the function for moto's state machines."""
        arn = record.function_arn
        done = functions.invoke(Callee(record=record, arn=arn, qualifier="$LATEST"), _bytes(event))
        return done.payload.decode(), done.failed, ""

    def invoke_record(record: Any, body: Any, request_headers: Any, response_headers: Any) -> str:
        """Run the function for moto's event sources, which never look at the result: S3, SNS, log subscriptions."""
        functions.invoke_later(Callee(record=record, arn=record.function_arn, qualifier="$LATEST"), _bytes(body))
        return ""

    def delete_function(backend: Any, function_name: str, qualifier: str | None = None) -> None:
        callee = find(backend, function_name)
        delete(backend, function_name, qualifier)
        functions.forget(callee.name)

    LambdaResponse.invoke = invoke
    LambdaFunction.invoke, LambdaFunction._invoke_lambda = invoke_record, invoke_lambda
    LambdaBackend.delete_function = delete_function
    _keep_settings(functions)


def _keep_settings(functions: Functions) -> None:
    from moto.awslambda.models import LambdaBackend, LambdaFunction

    create, update = LambdaFunction.__init__, LambdaFunction.update_configuration
    publish = LambdaBackend.publish_layer_version

    def initialise(record: Any, account_id: str, spec: Any, region: str, version: Any = 1) -> None:
        check_function(spec["Role"], spec)
        create(record, account_id, spec, region, version)
        record.slipway_settings = {name: spec[name] for name in KEPT_SETTINGS if name in spec}

    def update_configuration(record: Any, changes: Any) -> Any:
        check_function(changes.get("Role", record.role), changes)
        kept = {name: changes[name] for name in KEPT_SETTINGS if name in changes}
        record.slipway_settings = {**record.slipway_settings, **kept}
        record.tracing_config = changes.get("TracingConfig", record.tracing_config)
        record.ephemeral_storage = changes.get("EphemeralStorage", {"Size": record.ephemeral_storage})["Size"]
        return update(record, changes)

    def publish_layer_version(backend: Any, spec: Any) -> Any:
        layer = publish(backend, spec)
        layer.slipway_folder = str(functions.packages.layer(layer.code_bytes))
        layer.code_bytes = b""  # tens of megabytes that nothing reads again
        return layer

    LambdaFunction.__init__, LambdaFunction.update_configuration = initialise, update_configuration
    LambdaBackend.publish_layer_version = publish_layer_version


def answer(functions: Functions, callee: Callee, headers: Mapping[str, str], event: bytes) -> Response:
    """Run now, run later (InvocationType Event) or only check (DryRun). Raises ServiceError in Lambda's words."""
    kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    check_event(event, kind)
    if kind == "DryRun":
        return 204, {"status": 204}, ""
    if kind == "Event":
        functions.invoke_later(callee, event)
        return 202, {"status": 202}, ""
    done = functions.invoke(callee, event)
    shown: dict[str, Any] = {
        "content-type": "application/json",
        "x-amz-executed-version": str(callee.record.version),
    }
    if done.failed:
        shown["x-amz-function-error"] = "Unhandled"
    if headers.get("X-Amz-Log-Type") == "Tail":
        shown["x-amz-log-result"] = base64.b64encode(functions.tail(callee.record, done.request_id).encode()).decode()
    return 200, shown, done.payload


def check_event(event: bytes, kind: str = "RequestResponse") -> None:
    """Refuse an event that Lambda would. Raises ServiceError."""
    limit = REQUEST_LIMIT_BYTES.get(kind, REQUEST_LIMIT_BYTES["RequestResponse"])
    if len(event) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise ServiceError("RequestTooLargeException", message, 413, Type="User")
    try:
        json.loads(event)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise ServiceError("InvalidRequestContentException", message, 400, Type="User") from None


def error_response(error: ServiceError) -> Response:
    """Return an error as moto's responses return it."""
    headers = {"status": error.status, "x-amzn-errortype": error.code, "content-type": "application/json"}
    return error.status, headers, json.dumps({"message": error.message, **error.members})


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body or b"{}"
    return (body or "{}").encode() if isinstance(body, str | None) else json.dumps(body).encode()
