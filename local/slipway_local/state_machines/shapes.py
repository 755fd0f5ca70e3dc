"""Between what a state machine writes (`PascalCase`, JSON) and what boto3 takes and returns.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import Shape

from slipway_local.state_machines.errors import StatesError, runtime_error

# The optimised integrations name their errors so, the SDK integrations as the classes of AWS's SDK for Java.
OPTIMISED_NAMES = {
    "lambda": "Lambda",
    "dynamodb": "DynamoDB",
    "sqs": "SQS",
    "sns": "SNS",
    "events": "EventBridge",
    "stepfunctions": "StepFunctions",
    "sagemaker": "SageMaker",
    "glue": "Glue",
    "emr-serverless": "EMRServerless",
    "ecs": "ECS",
    "batch": "Batch",
    "bedrock": "Bedrock",
    "bedrock-runtime": "Bedrock",
}


def to_request(value: Any, shape: Shape, where: str) -> Any:
    """Return a value as boto3 takes it: member names in the service's case, JSON text for objects in texts and blobs.

    Raises StatesError for a member that the call does not have.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        members = {name.lower(): name for name in shape.members}  # type: ignore[attr-defined]
        unknown = [key for key in value if key.lower() not in members]
        if unknown:
            raise runtime_error(f"The field '{unknown[0]}' is not supported by {where}")
        names = {key: members[key.lower()] for key in value}
        return {names[key]: to_request(item, shape.members[names[key]], where) for key, item in value.items()}  # type: ignore[attr-defined]
    if kind == "list" and isinstance(value, list):
        return [to_request(item, shape.member, where) for item in value]  # type: ignore[attr-defined]
    if kind == "map" and isinstance(value, dict):
        return {key: to_request(item, shape.value, where) for key, item in value.items()}  # type: ignore[attr-defined]
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"))
    if kind == "blob" and not isinstance(value, bytes):
        return json.dumps(value, separators=(",", ":")).encode()
    return value


def to_result(value: Any, shape: Any = None) -> Any:
    """Return boto3's answer as a state sees it: `PascalCase`, ISO 8601 times, texts for blobs and streams.

    The shape tells a map, whose keys are data, from a structure.
    """
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, dict) and kind == "map":
        return {key: to_result(item, shape.value) for key, item in value.items()}
    if isinstance(value, dict):
        members = getattr(shape, "members", {})
        shown = {key: item for key, item in value.items() if key != "ResponseMetadata"}
        return {key[:1].upper() + key[1:]: to_result(item, members.get(key)) for key, item in shown.items()}
    if isinstance(value, list | tuple):
        return [to_result(item, getattr(shape, "member", None)) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def service_error(error: ClientError, client: Any, *, optimised: bool) -> StatesError:
    """Return a service's error by the name that Step Functions gives it, such as `S3.NoSuchKeyException`."""
    model = client.meta.service_model
    code = error.response["Error"]["Code"]
    if optimised:
        name = f"{OPTIMISED_NAMES[model.service_name]}.{code}"
    else:
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+", model.service_id)
        known = code.removesuffix("Exception")
        name = f"{''.join(word[:1].upper() + word[1:].lower() for word in words)}.{known}Exception"
    metadata = error.response.get("ResponseMetadata", {})
    status, request_id = metadata.get("HTTPStatusCode"), metadata.get("RequestId")
    details = f"Service: {model.service_id}, Status Code: {status}, Request ID: {request_id}"
    return StatesError(name, f"{error.response['Error'].get('Message', '')} ({details})")
