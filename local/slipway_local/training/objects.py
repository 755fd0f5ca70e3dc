"""Between a job's folders and S3, as SageMaker copies them: channels and checkpoints in, archives and checkpoints out.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any


class NoObjectsError(Exception):
    """Nothing lies at an address that a job reads."""


class Objects:
    """S3 with the permissions of a job's role."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def download(self, address: str, folder: Path, *, needed: bool = True) -> None:
        """Copy every object below a prefix, or the one object, into a folder. Raises: NoObjectsError, ClientError."""
        bucket, prefix = parts_of(address)
        folder.mkdir(parents=True, exist_ok=True)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ()) if not found["Key"].endswith("/")]
        if needed and not keys:
            raise NoObjectsError(f"No S3 objects found under S3 URL {address!r}")
        for key in keys:
            # Of the prefix `sets/a` the object `sets/a/train.jsonl` is `train.jsonl`, and so is that object alone.
            below = key.removeprefix(prefix).lstrip("/") if key.removeprefix(prefix).startswith("/") else ""
            path = folder / (below or (key[len(prefix) :] if prefix.endswith("/") else key[prefix.rfind("/") + 1 :]))
            if not path.resolve().is_relative_to(folder.resolve()):
                raise NoObjectsError(f"The key {key!r} leaves the folder of its channel")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(self._s3.get_object(Bucket=bucket, Key=key)["Body"], file)

    def unpack(self, address: str, folder: Path) -> None:
        """Unpack the archive (.tar.gz) at an address. Raises: ClientError, tarfile.TarError."""
        bucket, key = parts_of(address)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(self._s3.get_object(Bucket=bucket, Key=key)["Body"], file)
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                archive.extractall(folder, filter="data")

    def pack(self, folder: Path, address: str) -> None:
        """Put a folder into S3 as one archive (.tar.gz)."""
        bucket, key = parts_of(address)
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
                for path in sorted(folder.iterdir()):
                    archive.add(path, arcname=path.name)
            file.seek(0)
            self._s3.put_object(Bucket=bucket, Key=key, Body=file)

    def upload(self, folder: Path, address: str, known: dict[str, tuple[int, int]] | None = None) -> None:
        """Put the files of a folder into S3; of those in `known` (path to size and time) only what has changed."""
        bucket, prefix = parts_of(address)
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            try:
                about, name = path.stat(), path.relative_to(folder).as_posix()
                now = (about.st_size, about.st_mtime_ns)
                if not path.is_file() or (known is not None and known.get(name) == now):
                    continue
                with path.open("rb") as file:
                    self._s3.put_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/{name}", Body=file)
            except FileNotFoundError:  # the job has deleted it meanwhile
                continue
            if known is not None:
                known[name] = now


def parts_of(address: str) -> tuple[str, str]:
    """Return bucket and key of an s3:// address."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key
