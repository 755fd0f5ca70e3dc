"""Taking a backup: every current object and every item; what an earlier backup has already is not fetched again."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slipway_cli.backups import archive
from slipway_cli.backups.archive import BACKUPS, Manifest, Part
from slipway_cli.backups.items import items
from slipway_cli.backups.kept import Stores
from slipway_cli.backups.place import Place
from slipway_cli.target import Target

AT_ONCE = 8
Line = dict[str, Any]


def take(target: Target, there: Stores, place: Place) -> Manifest:
    """Copy the environment's buckets and tables to the place and return what was copied.

    Tables first: nothing in them then names an object that came after its bucket was listed.
    """
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
    tables = {
        table: archive.write_lines(place, f"{name}/{table}", items(target.client("dynamodb"), physical))
        for table, physical in there.tables.items()
    }
    earlier = archive.backups(place)
    known = archive.read_manifest(place, earlier[-1]) if earlier else None
    buckets = {
        bucket: archive.write_lines(
            place, f"{name}/{bucket}", _objects(target, place, physical, _known(place, known, bucket))
        )
        for bucket, physical in there.buckets.items()
    }
    manifest = Manifest(name=name, environment=target.environment, buckets=buckets, tables=tables)
    archive.write_manifest(place, manifest)
    return manifest


def prune(place: Place, keep: int) -> list[str]:
    """Remove all but the newest backups, and the bytes that none of those needs; return the names of the removed."""
    found = archive.backups(place)
    gone, left = found[:-keep], found[-keep:]
    if not gone:
        return []
    needed: set[str] = set()
    for name in left:
        manifest = archive.read_manifest(place, name)
        for bucket, part in manifest.buckets.items():
            lines = archive.read_lines(place, f"{name}/{bucket}", part)
            needed |= {archive.object_name(line["sha256"]) for line in lines}
    for name in gone:
        files = sorted(place.names(f"{BACKUPS}/{name}"), key=lambda file: not file.endswith(archive.MANIFEST))
        for file in files:  # the manifest first: what is half removed is no backup
            place.remove(file)
    for file in set(place.names(archive.OBJECTS)) - needed:
        place.remove(file)
    return gone


def _known(place: Place, manifest: Manifest | None, bucket: str) -> dict[tuple[str, str], Line]:
    part: Part | None = manifest.buckets.get(bucket) if manifest else None
    if manifest is None or part is None:
        return {}
    return {
        (line["key"], line["version"]): line for line in archive.read_lines(place, f"{manifest.name}/{bucket}", part)
    }


def _objects(target: Target, place: Place, bucket: str, known: dict[tuple[str, str], Line]) -> Iterator[Line]:
    """Yield a line for each current object, the oldest first, with its bytes in the place by then."""
    s3 = target.client("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    current = [version for page in pages for version in page.get("Versions", []) if version["IsLatest"]]

    def copy(version: Line) -> Line | None:
        line = known.get((version["Key"], version["VersionId"]))
        return line or _copied(s3, place, bucket, version)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in pool.map(copy, sorted(current, key=lambda version: version["LastModified"])):
            if line:
                yield line


def _copied(s3: Any, place: Place, bucket: str, version: Line) -> Line | None:
    """Copy the bytes of one version; None if it was removed since it was listed."""
    named = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
    try:
        answer = s3.get_object(**named)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            return None
        raise
    with tempfile.NamedTemporaryFile() as file:
        for piece in answer["Body"].iter_chunks(archive.PIECE_BYTES):
            file.write(piece)
        file.flush()
        sha256 = archive.sha256_of(Path(file.name))
        if not place.has(archive.object_name(sha256)):
            place.put(archive.object_name(sha256), Path(file.name))
    said = {name: answer[name] for name in ("ContentType", "ContentEncoding", "Metadata") if answer.get(name)}
    return {
        **{"key": version["Key"], "version": version["VersionId"], "size": version["Size"], "sha256": sha256},
        **{"modified": version["LastModified"].isoformat(), "said": said},
    }
