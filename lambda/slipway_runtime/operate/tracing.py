"""What was made of a document: which line files name it, found by their indexes."""

from collections.abc import Iterator
from typing import Any

from slipway_runtime.operate.shards import INDEX, is_shard, lines_of


def shards_of(client: Any, bucket: str, document_id: str) -> Iterator[str]:
    """Yield the keys of the shards whose index names the document, in S3's order.

    A shard without an index is not found: the next run of erasure writes one for each that lacks it.
    """
    wanted = document_id.encode()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=INDEX):
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(INDEX)
            body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"] if is_shard(key) else None
            if body and sum(line.rstrip(b"\n") == wanted for line in lines_of(body)):
                yield key
