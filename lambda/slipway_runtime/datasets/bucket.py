"""A bucket of files of lines."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_runtime.datasets.recipe import RecipeError
from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.shards import ERASURES, put_shard

MAX_FILE_BYTES = 256_000_000


@dataclass(frozen=True)
class File:
    """An object and its size in bytes."""

    key: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Access to one bucket."""

    client: Any
    name: str

    def files(self, prefix: str) -> list[File]:
        """Return the `.jsonl` objects below a prefix, in S3's order.

        Raises: RecipeError for one over MAX_FILE_BYTES: a function reads a file whole, to number its lines.
        """
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        found = [
            File(entry["Key"], entry["Size"])
            for page in pages
            for entry in page.get("Contents", [])
            if entry["Key"].endswith(".jsonl") and not entry["Key"].endswith(f"/{ERASURES}")
        ]
        for file in found:
            if file.bytes > MAX_FILE_BYTES:
                raise RecipeError(f"{file.key} has {file.bytes} bytes, at most {MAX_FILE_BYTES} are read; split it")
        return found

    def lines(self, key: str) -> Iterator[bytes]:
        """Yield the lines of an object, without their ends, as they arrive."""
        with closing(self.client.get_object(Bucket=self.name, Key=key)["Body"]) as body:
            yield from body.iter_lines(chunk_size=1 << 20)

    def read(self, key: str) -> bytes:
        """Return an object. Raises: the errors of S3."""
        with closing(self.client.get_object(Bucket=self.name, Key=key)["Body"]) as body:
            data: bytes = body.read()
            return data

    def write(self, key: str, data: bytes) -> None:
        """Put an object. Raises: the errors of S3."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def upload(self, path: Path, key: str) -> None:
        """Put a file of lines of any size, and its index. Raises: the errors of S3."""
        with path.open("rb") as lines:
            put_shard(self.client, self.name, key, lines)

    def has(self, key: str) -> bool:
        """Return whether an object is there."""
        try:
            self.client.head_object(Bucket=self.name, Key=key)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return False
            raise
        return True

    def remove_all(self, prefix: str) -> None:
        """Remove every version of what lies below a prefix. Raises: the errors of S3."""
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self.client.delete_object(Bucket=self.name, Key=entry["Key"], VersionId=entry["VersionId"])
