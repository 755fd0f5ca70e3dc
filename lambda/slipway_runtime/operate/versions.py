"""Objects of a bucket with versions whose versions each say from which event they came, by its sequencer."""

from collections.abc import Callable, Iterator
from typing import Any

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code

SEQUENCER = "sequencer"


def remove_versions(client: Any, bucket: str, prefix: str, is_wanted: Callable[[str, str], bool]) -> int:
    """Remove the versions under a prefix whose key and sequencer are wanted, and return how many they were.

    Raises: the errors of S3.
    """
    removed = 0
    for key, version in list(_versions(client, bucket, prefix)):
        sequencer = _sequencer(client, bucket, key, version)
        if sequencer is not None and is_wanted(key, sequencer):
            client.delete_object(Bucket=bucket, Key=key, VersionId=version)
            removed += 1
    return removed


def _versions(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((entry["Key"], entry["VersionId"]) for entry in page.get("Versions", []))


def _sequencer(client: Any, bucket: str, key: str, version: str) -> str | None:
    try:
        head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
    except client.exceptions.ClientError as error:
        if error_code(error) in GONE:  # another worker was quicker
            return None
        raise
    return str(head["Metadata"].get(SEQUENCER, ""))
