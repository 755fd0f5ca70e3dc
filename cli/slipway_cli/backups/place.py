"""Where backups lie: a folder of this machine, or a bucket that has nothing to do with the environment."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.target import Target

S3 = "s3://"


class Place(Protocol):
    """Files by name; a name has parts separated by slashes."""

    def has(self, name: str) -> bool:
        """Return whether the file is there, whole."""

    def put(self, name: str, file: Path) -> None:
        """Copy a file there; it is there whole or not at all."""

    def read(self, name: str) -> BinaryIO:
        """Open a file to read. Raises: CommandError if it is not there."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with a prefix of whole parts."""

    def remove(self, name: str) -> None:
        """Remove a file."""


@dataclass(frozen=True)
class Folder:
    """A folder that only its owner may read."""

    root: Path

    def has(self, name: str) -> bool:
        """Return whether the file is there, whole."""
        return (self.root / name).is_file()

    def put(self, name: str, file: Path) -> None:
        """Copy a file there under another name, then rename it."""
        path = self.root / name
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path.with_name(path.name + ".part"))
        path.with_name(path.name + ".part").rename(path)

    def read(self, name: str) -> BinaryIO:
        """Open a file to read. Raises: CommandError if it is not there."""
        try:
            return (self.root / name).open("rb")
        except OSError as error:
            raise CommandError(f"{self.root / name} cannot be read: {error.strerror}") from error

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with a prefix of whole parts."""
        files = (path for path in (self.root / prefix).rglob("*") if path.is_file() and path.suffix != ".part")
        yield from sorted(path.relative_to(self.root).as_posix() for path in files)

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.root / name).unlink()


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket, empty or ending in a slash; the bucket's default encryption holds for what comes."""

    s3: Any
    bucket: str
    prefix: str

    def has(self, name: str) -> bool:
        """Return whether the file is there, whole."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + name, MaxKeys=1)
        return any(item["Key"] == self.prefix + name for item in listed.get("Contents", []))

    def put(self, name: str, file: Path) -> None:
        """Upload a file, in parts where it is large."""
        self.s3.upload_file(str(file), self.bucket, self.prefix + name)

    def read(self, name: str) -> BinaryIO:
        """Open a file to read. Raises: CommandError if it is not there."""
        try:
            body: BinaryIO = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]
        except self.s3.exceptions.NoSuchKey as error:
            raise CommandError(f"s3://{self.bucket}/{self.prefix}{name} is not there") from error
        return body

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with a prefix of whole parts."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{prefix}/")
        for page in pages:
            yield from (item["Key"].removeprefix(self.prefix) for item in page.get("Contents", []))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + name)


def place_of(text: str, target: Target, own: set[str]) -> Place:
    """Return the place that a user named: s3://bucket/prefix, or a folder.

    Raises: UsageError for one of the environment's `own` buckets, which would go with it.
    """
    if not text.startswith(S3):
        return Folder(Path(text).expanduser().resolve())
    bucket, _, prefix = text.removeprefix(S3).partition("/")
    if not bucket or bucket in own:
        raise UsageError(f"{text!r} is no place for backups: name a bucket of its own, s3://bucket/prefix, or a folder")
    return Bucket(target.client("s3"), bucket, prefix.rstrip("/") + "/" if prefix else "")
