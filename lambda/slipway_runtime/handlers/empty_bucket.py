"""Custom::EmptyBucket: empties a bucket that is to be deleted, so that the bucket itself can go.

CloudFormation also deletes this resource when the stack keeps its bucket, for example when `removal` changes from
destroy to retain. The bucket's own tag decides therefore: CloudFormation updates it before it deletes what is no longer
in the template.
"""

from typing import Any

from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.objects import Objects
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import error_code

TAG = "slipway:empty-on-delete"


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Remove every object and version on Delete if the bucket's tag allows it; on Create and Update do nothing."""
    answer(event, "empty-bucket", _empty)


def _empty(request: CustomResourceEvent) -> dict[str, str]:
    if request.request_type != "Delete":
        return {}
    s3, bucket = client("s3"), request.resource_properties["BucketName"]
    try:
        if not _may_be_emptied(s3, bucket):
            logger.warning("kept", extra={"tag": TAG})
            return {"Removed": "0"}
        removed = Objects(client=s3).empty(bucket)
    except s3.exceptions.ClientError as error:
        # A bucket that is already gone is as empty as can be; a deletion that is repeated must succeed.
        if error_code(error) != "NoSuchBucket":
            raise
        removed = 0
    logger.info("emptied", extra={"objects": removed})
    return {"Removed": str(removed)}


def _may_be_emptied(s3: Any, bucket: str) -> bool:
    """Return whether the bucket carries the tag with the value "true".

    Raises: ClientError, also where the tags may not be read; then nothing is removed.
    """
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except s3.exceptions.ClientError as error:
        if error_code(error) == "NoSuchTagSet":
            return False
        raise
    return {"Key": TAG, "Value": "true"} in tags
