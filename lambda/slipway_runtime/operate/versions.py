"""Objects of a bucket with versions whose versions each say from which event they came, by its sequencer."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code

SEQUENCER = "sequencer"
SOURCE = "source-version"


class Made(NamedTuple):
    """A version: its key, its id, the sequencer of its event, and of which version of the source it was made.

    `source` is "" where the version does not say.
    """

    key: str
    version: str
    sequencer: str
    source: str


def remove_versions(client: Any, bucket: str, prefix: str, is_wanted: Callable[[Made], bool]) -> int:
    """Remove the versions under a prefix that are wanted, and return how many they were. Raises: the errors of S3."""
    removed = 0
    for key, version in list(_versions(client, bucket, prefix)):
        made = _made(client, bucket, key, version)
        if made is not None and is_wanted(made):
            client.delete_object(Bucket=bucket, Key=key, VersionId=version)
            removed += 1
    return removed


def _versions(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((entry["Key"], entry["VersionId"]) for entry in page.get("Versions", []))


def _made(client: Any, bucket: str, key: str, version: str) -> Made | None:
    try:
        head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
    except client.exceptions.ClientError as error:
        if error_code(error) in GONE:  # another worker was quicker
            return None
        raise
    said = head["Metadata"]
    return Made(key, version, str(said.get(SEQUENCER, "")), str(said.get(SOURCE, "")))
