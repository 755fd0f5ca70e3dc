"""Custom::EmptyVectorBucket: deletes the indexes of a vector bucket that is to be deleted, which has to be empty.

As with Custom::EmptyBucket the bucket's own tag decides, because CloudFormation also deletes this resource when the
stack keeps its bucket.
"""

from typing import Any

from slipway_runtime.handlers.custom_resource import answer
from slipway_runtime.handlers.empty_bucket import TAG
from slipway_runtime.handlers.events import CustomResourceEvent
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.stores.s3_vectors.service import is_transient

# Left for the answer to CloudFormation, which must arrive whatever happens.
MARGIN_SECONDS = 15.0


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """Delete every index on Delete if the bucket's tag allows it; on Create and Update do nothing."""
    deadline = Deadline.of(context, MARGIN_SECONDS)
    answer(event, "empty-vector-bucket", lambda request: _empty(request, deadline))


def _empty(request: CustomResourceEvent, deadline: Deadline) -> dict[str, str]:
    if request.request_type != "Delete":
        return {}
    s3vectors, bucket = client("s3vectors"), request.resource_properties["VectorBucketArn"]
    removed = 0
    try:
        tags = s3vectors.list_tags_for_resource(resourceArn=bucket)["tags"]
        if tags.get(TAG) != "true":
            logger.warning("kept", extra={"tag": TAG})
            return {"Removed": "0"}
        for page in s3vectors.get_paginator("list_indexes").paginate(vectorBucketArn=bucket):
            for index in page["indexes"]:
                _delete(s3vectors, index["indexArn"], deadline)
                removed += 1
    except s3vectors.exceptions.NotFoundException:
        # A bucket that is already gone is as empty as can be; a deletion that is repeated must succeed.
        logger.info("gone")
    logger.info("emptied", extra={"indexes": removed})
    return {"Removed": str(removed)}


def _delete(s3vectors: Any, index: str, deadline: Deadline) -> None:
    Backoff().call(lambda: s3vectors.delete_index(indexArn=index), retry_on=is_transient, deadline=deadline)
