"""The protocol between CloudFormation and a custom resource.

Source: AWS CloudFormation user guide, "Custom resource response objects": a PUT of at most 4,096 bytes to ResponseURL,
always, or the stack waits for an hour.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.observability import logger

MAX_REASON_CHARACTERS = 1_000


def answer(event: dict[str, Any], name: str, act: Callable[[CustomResourceEvent], dict[str, str]]) -> None:
    """Run `act` and tell CloudFormation how it went; what `act` returns becomes the resource's attributes.

    The physical id is `name` and the logical id, the same for Create, Update and Delete, so that an update never
    replaces.
    """
    request = msgspec.convert(event, CustomResourceEvent)
    status, reason, data = "SUCCESS", "", {}
    try:
        data = act(request)
    except Exception as error:
        logger.exception("custom resource failed")
        status, reason = "FAILED", f"{type(error).__name__}: {error}"[:MAX_REASON_CHARACTERS]
    _put(
        request.response_url,
        {
            "Status": status,
            "Reason": reason or "done",
            "PhysicalResourceId": request.physical_resource_id or f"{name}-{request.logical_resource_id}",
            "StackId": request.stack_id,
            "RequestId": request.request_id,
            "LogicalResourceId": request.logical_resource_id,
            "Data": data,
        },
    )


def _put(url: str, body: dict[str, Any]) -> None:
    import urllib3  # noqa: PLC0415 - comes with boto3

    # The URL is signed without a content type, so the header must be empty.
    headers = {"content-type": ""}
    retries = urllib3.Retry(total=4, backoff_factor=0.5, status_forcelist=(500, 502, 503), allowed_methods=["PUT"])
    response = urllib3.PoolManager().request(
        "PUT", url, body=json.dumps(body), headers=headers, retries=retries, timeout=20.0
    )
    if response.status >= 300:
        raise RuntimeError(f"CloudFormation's response URL answered {response.status}")
