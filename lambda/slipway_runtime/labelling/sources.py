"""Reading and writing a job's files: the lines it is made from, and what comes of it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from slipway_runtime.labelling.request import InvalidJob, JobRequest
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.shards import is_shard, put_shard


@dataclass(frozen=True, kw_only=True)
class Files:
    """The artifacts bucket, where jobs lie, and the curated one, which they may be made from."""

    client: Any
    artifacts: str
    curated: str

    def lines(self, request: JobRequest) -> Iterator[tuple[str, int, bytes]]:
        """Yield key, line number from 1, and bytes of each line of the objects that `items` names.

        Raises: InvalidJob if it is another bucket, or nothing is there.
        """
        bucket, place = request.place
        if bucket not in (self.artifacts, self.curated):
            raise InvalidJob(f"items is in the bucket {bucket}; put it into {self.artifacts} or {self.curated}")
        found = False
        for key in self._keys(bucket, place):
            found = True
            with closing(self.client.get_object(Bucket=bucket, Key=key)["Body"]) as body:
                for number, line in enumerate(body.iter_lines(), 1):
                    yield key, number, line
        if not found:
            raise InvalidJob(f"items names nothing: there is no object s3://{bucket}/{place}, nor any below it")

    def put(self, key: str, data: bytes) -> str:
        """Write a file of a job and return its URI."""
        if is_shard(key):
            put_shard(self.client, self.artifacts, key, data.splitlines(keepends=True))
        else:
            self.client.put_object(Bucket=self.artifacts, Key=key, Body=data, ContentType="application/json")
        return f"s3://{self.artifacts}/{key}"

    def read(self, key: str) -> bytes:
        """Return a file of a job. Raises: the errors of S3."""
        with closing(self.client.get_object(Bucket=self.artifacts, Key=key)["Body"]) as body:
            data: bytes = body.read()
            return data

    def _keys(self, bucket: str, place: str) -> Iterator[str]:
        """Yield the object of this key, or else those below it as a prefix, in order."""
        try:
            self.client.head_object(Bucket=bucket, Key=place)
        except self.client.exceptions.ClientError as error:
            if error_code(error) not in ("404", "NoSuchKey"):
                raise
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=place):
                yield from (entry["Key"] for entry in page.get("Contents", []) if entry["Size"])
        else:
            yield place
