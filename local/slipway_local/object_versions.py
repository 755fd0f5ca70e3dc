"""Pages of an object's versions begin where S3 begins them.

moto, given a key marker alone, leaves out whatever entry comes next, and given a version that was deleted since the
page before, all entries.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html (key-marker, version-id-marker)
"""

from itertools import chain, takewhile
from typing import Any


def install() -> None:
    """Let moto go on behind an entry that is there, the last of those that are not wanted any more."""
    from moto.s3.models import S3Backend

    whole = S3Backend.list_object_versions

    def list_object_versions(
        self: Any,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        max_keys: int | None = 1000,
        prefix: str = "",
        version_id_marker: str | None = None,
    ) -> Any:
        if key_marker:
            entries = _entries(self.get_bucket(bucket_name))
            before = list(_before(entries, key_marker, version_id_marker, delimiter))
            last = before[-1] if before else None
            key_marker, version_id_marker = (last.name, last.version_id) if last else (None, None)
        return whole(self, bucket_name, delimiter, key_marker, max_keys, prefix, version_id_marker)

    S3Backend.list_object_versions = list_object_versions


def _entries(bucket: Any) -> list[Any]:
    """Return versions and delete markers in S3's order: by key, the newest first."""
    entries = chain.from_iterable(versions for _, versions in bucket.keys.iterlists())
    return sorted(entries, key=lambda each: (each.name, -each.last_modified.timestamp()))


def _before(entries: list[Any], key: str, version_id: str | None, delimiter: str | None) -> Any:
    """Return the entries that pages before have shown."""
    for place, each in enumerate(entries):
        if version_id and (each.name, each.version_id) == (key, version_id):
            return entries[: place + 1]
    if version_id:
        return takewhile(lambda each: each.name < key, entries)
    # A page that ends with a common prefix has shown all that begins so.
    is_prefix = bool(delimiter) and key.endswith(str(delimiter))
    return takewhile(lambda each: each.name <= key or (is_prefix and each.name.startswith(key)), entries)
