"""Custom::EmptyBucket: on Delete removes every object and version, so that the bucket itself can go."""

from typing import Any

from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.objects import Objects
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import error_code


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Empty the bucket on Delete; on Create and Update do nothing."""
    answer(event, "empty-bucket", _empty)


def _empty(request: CustomResourceEvent) -> dict[str, str]:
    if request.request_type != "Delete":
        return {}
    s3 = client("s3")
    try:
        removed = Objects(client=s3).empty(request.resource_properties["BucketName"])
    except s3.exceptions.ClientError as error:
        # A bucket that is already gone is as empty as can be; a deletion that is repeated must succeed.
        if error_code(error) != "NoSuchBucket":
            raise
        removed = 0
    logger.info("emptied", extra={"objects": removed})
    return {"Removed": str(removed)}
