"""Erases the lines of deleted documents from a shard: from what stands, and from every version behind it.

The shard is written anew without the lines, only over the very version that was read, so that a writer beside this one
loses nothing; then the versions that still hold such lines go. Whatever stops in between is found and finished by the
next attempt, which does nothing where nothing is left.

Lines of a labelling job's items are found by their place, so there spaces take the place of a line. Objects that are
about one document, or are the work of a run, go whole.
Source: Amazon S3 user guide, "How to prevent object overwrites with conditional writes"; "Deleting object versions
from a versioning-enabled bucket".
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.deleted import Deleted
from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.shards import (
    ERASURES,
    ObjectWriter,
    UnreadableShard,
    lines_of,
    names_of,
    put_index,
    read_index,
)

# Another writer was there between reading and writing. Source: Amazon S3 API reference, PutObject, If-Match.
OVERTAKEN = GONE | {"PreconditionFailed", "ConditionalRequestConflict"}
ATTEMPTS = 5
ITEMS = "/items.jsonl"  # of labelling jobs
GIVEN = "/input.jsonl"  # by people, for a labelling job: lines may be anything, and what is no JSON names nothing


def _nothing(_key: str, _numbers: list[int]) -> None:
    """Have nothing to forget about lines that go."""


class Overtaken(Exception):  # noqa: N818 - says what happened
    """Others wrote the shard again each time that it was read; the next run tries again."""


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What went from a shard: lines of what stands, by document, and older versions."""

    lines: Counter[str]
    removed_lines: int
    versions: int


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Erases the lines of deleted documents from shards of a bucket; `now` gives the time, ISO 8601.

    `forget`: takes a key and the numbers of its lines, from 1, before they go and after: what else is about them goes.
    """

    client: Any
    bucket: str
    deleted: Deleted
    now: Callable[[], str]
    forget: Callable[[str, list[int]], None] = _nothing

    def erase(self, key: str) -> Erased:
        """Erase from one shard, and note in `_erasures.jsonl` of its folder when and how many.

        Raises: Overtaken, UnreadableShard, and the errors of S3.
        """
        for _attempt in range(ATTEMPTS):
            try:
                return self._erase(key)
            except self.client.exceptions.ClientError as error:
                if error_code(error) not in OVERTAKEN:
                    raise
        raise Overtaken(f"{key} was written by others {ATTEMPTS} times while it was read")

    def remove(self, key: str) -> Erased:
        """Remove the versions of an object of which a line goes. Raises: UnreadableShard, and the errors of S3."""
        found = [version for version in self._versions(key) if self._goes(key, version)]
        for version in found:
            self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])
        return Erased(lines=Counter(), removed_lines=0, versions=len(found))

    def _erase(self, key: str) -> Erased:
        lines: Counter[str] = Counter()
        removed, replaced, gone = 0, "", 0
        versions = list(self._versions(key))
        for version in versions:
            if version["IsLatest"] and self._is_named(key, version):
                lines, removed = self._rewrite(key, version)
                replaced = version["VersionId"] if removed else ""
        if removed:
            self._note(key, removed, 0)
        for version in versions:
            is_old = not version["IsLatest"]
            if version["VersionId"] == replaced or (is_old and self._goes(key, version)):
                self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])
                gone += is_old
        if gone:
            self._note(key, 0, gone)
        return Erased(lines=lines, removed_lines=removed, versions=gone)

    def _versions(self, key: str) -> Iterator[dict[str, Any]]:
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key):
            yield from (entry for entry in page.get("Versions", []) if entry["Key"] == key)

    def _is_named(self, key: str, version: dict[str, Any]) -> bool:
        index = read_index(self.client, self.bucket, key, version["ETag"])
        if index is None:
            ids = {each for names in self._named(key, version) for each, _ in names}
            put_index(self.client, self.bucket, key, version["ETag"], ids)
            return any(each in self.deleted for each in ids)
        # Read to the end, so that the connection can be used again.
        return sum(each in self.deleted for each in index) > 0

    def _goes(self, key: str, version: dict[str, Any]) -> bool:
        return sum(bool(self.deleted.of(names)) for names in self._named(key, version)) > 0

    def _named(self, key: str, version: dict[str, Any]) -> Iterator[list[tuple[str, str]]]:
        """Yield what each line names."""
        for number, line in enumerate(self._lines(key, version), 1):
            yield _names(key, line, number)

    def _lines(self, key: str, version: dict[str, Any]) -> Iterator[bytes]:
        answer = self.client.get_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])
        # Not the body's own `with`, which hands out the bare connection: that takes a broken one for the end.
        with closing(answer["Body"]) as body:
            yield from lines_of(body)

    def _rewrite(self, key: str, version: dict[str, Any]) -> tuple[Counter[str], int]:
        """Write the shard without the lines, over this version only, and its index."""
        writer = ObjectWriter(client=self.client, bucket=self.bucket, key=key, if_match=version["ETag"])
        lines: Counter[str] = Counter()
        left: set[str] = set()
        gone: list[int] = []
        try:
            for number, line in enumerate(self._lines(key, version), 1):
                names = _names(key, line, number)
                if ids := self.deleted.of(names):
                    lines.update(ids)
                    gone.append(number)
                    line = b" " * len(line.rstrip(b"\n")) + b"\n" if key.endswith(ITEMS) else b""  # noqa: PLW2901
                else:
                    left.update(each for each, _ in names)
                writer.write(line)
            if not gone:
                writer.abort()
                return lines, 0
            self.forget(key, gone)
            etag = writer.close()
        except BaseException:
            writer.abort()
            raise
        self.forget(key, gone)
        put_index(self.client, self.bucket, key, etag, left)
        return lines, len(gone)

    def _note(self, key: str, lines: int, versions: int) -> None:
        """Add a line to the folder's `_erasures.jsonl`: what happened when, and nothing of what was there."""
        folder, _, name = key.rpartition("/")
        where = {"Bucket": self.bucket, "Key": f"{folder}/{ERASURES}"}
        entry = {"at": self.now(), "lines": lines, "object": name, "versions": versions}
        line = json.dumps(entry, sort_keys=True).encode() + b"\n"
        for attempt in range(ATTEMPTS):
            before, condition = self._noted(where)
            try:
                self.client.put_object(**where, Body=before + line, ContentType="application/x-ndjson", **condition)
                return
            except self.client.exceptions.ClientError as error:
                if error_code(error) not in OVERTAKEN or attempt + 1 == ATTEMPTS:
                    raise

    def _noted(self, where: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        try:
            answer = self.client.get_object(**where)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return b"", {"IfNoneMatch": "*"}
            raise
        with closing(answer["Body"]) as body:
            return body.read(), {"IfMatch": answer["ETag"]}


def _names(key: str, line: bytes, number: int) -> list[tuple[str, str]]:
    try:
        return list(names_of(line, number))
    except UnreadableShard:
        if key.endswith(GIVEN):
            return []
        raise
