"""Where a corpus lies: a bucket, or a folder on this machine. Both are named by one address."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from slipway_runtime.operate.objects import GONE, Objects, too_large
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.shards import put_shard
from slipway_runtime.prepare.curate import RawObject


@dataclass(frozen=True, kw_only=True)
class StoredObject(RawObject):
    """An object, and when it was put: seconds since 1970."""

    modified: float


class Storage(Protocol):
    """Objects by key; keys are relative to the storage."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, in order."""
        ...

    def read(self, key: str, max_bytes: int) -> StoredObject | None:
        """Return the object as it is now, None if it is gone. Raises: Rejected("too_large") before it is read."""
        ...

    def read_part(self, key: str, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` to `end`, which are there."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Put an object, in place of one that is there."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Put an object where none is, and return whether it was so; of several at once one is told True."""
        ...

    def write_lines(self, key: str, lines: Sequence[bytes], ids: Iterable[str]) -> None:
        """Put a shard: lines of JSON that name these documents, so that a deletion finds them."""
        ...

    def remove(self, prefix: str) -> None:
        """Remove the objects whose keys begin with `prefix`, and every version of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """An S3 bucket, read and written by its API: no connector of Spark's needs to be there."""

    client: Any
    name: str

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, in S3's order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(self, key: str, max_bytes: int) -> StoredObject | None:
        """Return the current version. Raises: Rejected("too_large"), and the errors of S3."""
        try:
            response = self.client.get_object(Bucket=self.name, Key=key)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        with closing(response["Body"]) as body:
            if response["ContentLength"] > max_bytes:
                raise too_large(response["ContentLength"], max_bytes)
            return StoredObject(
                key=key,
                version_id=response.get("VersionId") or "",
                data=body.read(),
                modified=response["LastModified"].timestamp(),
            )

    def read_part(self, key: str, begin: int, end: int) -> bytes:
        """Return a range. Raises: the errors of S3."""
        response = self.client.get_object(Bucket=self.name, Key=key, Range=f"bytes={begin}-{end - 1}")
        with closing(response["Body"]) as body:
            found: bytes = body.read()
        return found

    def write(self, key: str, data: bytes) -> None:
        """Put an object. Raises: the errors of S3."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def create(self, key: str, data: bytes) -> bool:
        """Put an object where none is. Raises: the errors of S3.

        Source: Amazon S3 user guide, "How to prevent object overwrites with conditional writes".
        """
        try:
            self.client.put_object(Bucket=self.name, Key=key, Body=data, IfNoneMatch="*")
        except self.client.exceptions.ClientError as error:
            if error_code(error) == "PreconditionFailed":
                return False
            raise
        return True

    def write_lines(self, key: str, lines: Sequence[bytes], ids: Iterable[str]) -> None:
        """Put a shard and its index. Raises: the errors of S3."""
        put_shard(self.client, self.name, key, lines, ids)

    def remove(self, prefix: str) -> None:
        """Remove every version of objects, a thousand a request.

        Raises: the errors of S3, and Kept for objects that stay.
        """
        Objects(client=self.client).empty(self.name, prefix)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of files; a key is the path below it, with "/"."""

    root: Path

    def keys(self, prefix: str) -> list[str]:
        """Return the files' keys that begin with `prefix`, sorted."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(key for key in found if key.startswith(prefix))

    def read(self, key: str, max_bytes: int) -> StoredObject | None:
        """Return a file. Raises: Rejected("too_large"), and OSError."""
        try:
            file = (self.root / key).open("rb", buffering=0)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        with file:
            status = os.fstat(file.fileno())
            if status.st_size > max_bytes:
                raise too_large(status.st_size, max_bytes)
            return StoredObject(key=key, version_id="", data=file.readall(), modified=status.st_mtime)

    def read_part(self, key: str, begin: int, end: int) -> bytes:
        """Return a range. Raises: OSError."""
        with (self.root / key).open("rb") as file:
            file.seek(begin)
            return file.read(end - begin)

    def write(self, key: str, data: bytes) -> None:
        """Write a file and the folders above it."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def create(self, key: str, data: bytes) -> bool:
        """Write a file where none is."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
        return True

    def write_lines(self, key: str, lines: Sequence[bytes], ids: Iterable[str]) -> None:  # noqa: ARG002
        """Write a file; nobody deletes documents from a folder, so it has no index."""
        self.write(key, b"".join(lines))

    def remove(self, prefix: str) -> None:
        """Remove files; folders stay."""
        for key in self.keys(prefix):
            (self.root / key).unlink(missing_ok=True)


def batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield the keys, `size` at a time."""
    return (keys[begin : begin + size] for begin in range(0, len(keys), size))


def storage_at(address: str) -> Storage:
    """Return the storage of an address: `s3://bucket`, or a folder. Raises: ValueError for another kind of address."""
    parts = urlsplit(address)
    if parts.scheme in ("", "file"):
        return Folder(root=Path(parts.path))
    if parts.scheme != "s3" or parts.path.strip("/"):
        raise ValueError(f"{address}: expected s3://BUCKET without a path (say it with the prefix), or a folder")
    from slipway_runtime.operate.clients import client  # noqa: PLC0415 - a folder needs no boto3

    return Bucket(client=client("s3"), name=parts.netloc)
