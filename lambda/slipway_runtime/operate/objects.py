"""Objects of the raw bucket: read one version, ask which is current, remove all."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import error_code
from slipway_runtime.prepare.rejected import Rejected

GONE = frozenset(("404", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "405"))
# Source: Amazon S3 API reference, GetObject: an object in Glacier that is not restored.
ARCHIVED = "InvalidObjectState"
DELETE_BATCH = 1_000


class Kept(RuntimeError):  # noqa: N818 - says what happened
    """S3 refused to remove versions; `code` is what it said of the first."""

    def __init__(self, number: int, code: str) -> None:
        super().__init__(f"S3 kept {number} objects: {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class ObjectVersion:
    """One version of an object; `version_id` is "" in a bucket without versions."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Objects:
    """Access to S3."""

    client: Any

    def read(self, version: ObjectVersion, max_bytes: int) -> bytes | None:
        """Return the bytes of this version, or None if it is gone.

        Raises: Rejected("too_large") before anything is downloaded, Rejected("archived") for one that has to be
        restored first.
        """
        try:
            response = self.client.get_object(**_named(version))
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            if error_code(error) == ARCHIVED:
                raise archived() from error
            raise
        # Not the body's own `with`, which hands out the bare connection: that takes a broken one for the end.
        with closing(response["Body"]) as body:
            if response["ContentLength"] > max_bytes:
                raise too_large(response["ContentLength"], max_bytes)
            data: bytes = body.read()
            return data

    def current(self, bucket: str, key: str) -> ObjectVersion | None:
        """Return the version that a reader gets now, or None."""
        try:
            head = self.client.head_object(Bucket=bucket, Key=key)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        return ObjectVersion(
            bucket=bucket,
            key=key,
            version_id=head.get("VersionId") or "",
            etag=head["ETag"].strip('"'),
            size_bytes=head["ContentLength"],
        )

    def remove_all_versions(self, bucket: str, key: str) -> int:
        """Remove every version and delete marker of exactly this key and return how many."""
        return self._remove(bucket, lambda entry: entry["Key"] == key, Prefix=key)

    def empty(self, bucket: str, prefix: str = "") -> int:
        """Remove every version of every object whose key begins so, and return how many."""
        return self._remove(bucket, lambda _entry: True, Prefix=prefix)

    def _remove(self, bucket: str, wanted: Any, **where: str) -> int:
        removed = 0
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=bucket, **where):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            names = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries if wanted(entry)]
            for start in range(0, len(names), DELETE_BATCH):
                batch = names[start : start + DELETE_BATCH]
                answer = self.client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
                if answer.get("Errors"):
                    raise Kept(len(answer["Errors"]), str(answer["Errors"][0].get("Code")))
            removed += len(names)
        return removed


def too_large(size_bytes: int, max_bytes: int) -> Rejected:
    """Return the rejection of a document over the limit."""
    return Rejected(
        "too_large", f"the document has {size_bytes} bytes, at most {max_bytes} are read; split it into parts"
    )


def archived() -> Rejected:
    """Return the rejection of an object in a class of storage that is not read at once."""
    return Rejected(
        "archived",
        "the object lies in cold storage; restore it (aws s3api restore-object), copy it over itself into STANDARD, "
        "and it is read again",
    )


def _named(version: ObjectVersion) -> dict[str, str]:
    names = {"Bucket": version.bucket, "Key": version.key}
    # "null" names the version of an object from before versioning was switched on.
    return names | ({"VersionId": version.version_id} if version.version_id else {})
