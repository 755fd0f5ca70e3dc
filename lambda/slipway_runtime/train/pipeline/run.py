"""What a run keeps, and where: a folder of the artifacts bucket, named by the execution."""

from typing import Any, TypeVar

import msgspec

from slipway_runtime.datasets.bucket import Bucket

FOLDER = "training"
T = TypeVar("T")


class Run:
    """One run's folder."""

    def __init__(self, bucket: Bucket, run_id: str) -> None:
        self.bucket, self.id = bucket, run_id

    def key(self, name: str) -> str:
        """Return the key of a file of the run."""
        return f"{FOLDER}/{self.id}/{name}"

    def address(self, name: str) -> str:
        """Return the s3:// address of a file or folder of the run."""
        return f"s3://{self.bucket.name}/{self.key(name)}"

    def write(self, name: str, value: Any) -> None:
        """Keep a value as JSON."""
        self.bucket.write(self.key(name), msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1))

    def read(self, name: str, kind: type[T]) -> T:
        """Return what `write` kept."""
        return msgspec.json.decode(self.bucket.read(self.key(name)), type=kind)

    def kept(self, name: str, kind: type[T]) -> T | None:
        """Return what `write` kept, None if there is nothing: a step that ran before does not run again."""
        return self.read(name, kind) if self.bucket.has(self.key(name)) else None
