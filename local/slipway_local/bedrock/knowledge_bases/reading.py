"""An ingestion job: what has changed in the bucket is read, cut into passages of 300 words, what is gone is dropped.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/kb-data-source-sync-ingest.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/s3-data-source-connector.html (metadata files).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...aws import Place
from ...aws_json import JsonObject
from .model import Job, Passage, Source

TEXTS = (".txt", ".md", ".html", ".csv")
SIDECAR = ".metadata.json"
MAX_SIDECAR_BYTES, MAX_TEXT_BYTES = 10 * 1024, 50 * 1024**2
WORDS = 300


def read(place: Place, source: Source, job: Job) -> None:
    """Bring the source's passages to what the bucket holds, and fill the job's statistics."""
    s3 = place.client("s3")
    configuration = source.request["dataSourceConfiguration"]["s3Configuration"]
    bucket = configuration["bucketArn"].rpartition(":")[2]
    objects = {each["Key"]: each["ETag"] for each in _listed(s3, bucket, configuration.get("inclusionPrefixes", [""]))}
    texts = [key for key in objects if not key.endswith(SIDECAR)]
    counts = dict.fromkeys(("New", "Modified", "Failed", "Deleted"), 0)
    for key in texts:
        uri, etag = f"s3://{bucket}/{key}", objects[key] + objects.get(key + SIDECAR, "")
        held = source.passages.get(uri)
        if held and held[0].etag == etag:
            continue
        try:
            metadata = _metadata(s3, bucket, key + SIDECAR) if key + SIDECAR in objects else {}
            source.passages[uri] = list(_passages(uri, etag, _text(s3, bucket, key), metadata))
            counts["Modified" if held else "New"] += 1
        except ValueError as error:
            counts["Failed"] += 1
            job.failures.append(f"{uri}: {error}")
    gone = source.passages.keys() - {f"s3://{bucket}/{key}" for key in texts}
    for uri in gone:
        del source.passages[uri]
    job.statistics = {
        "numberOfDocumentsScanned": len(texts),
        "numberOfMetadataDocumentsScanned": sum(key.endswith(SIDECAR) for key in objects),
        "numberOfNewDocumentsIndexed": counts["New"],
        "numberOfModifiedDocumentsIndexed": counts["Modified"],
        "numberOfMetadataDocumentsModified": 0,
        "numberOfDocumentsDeleted": len(gone),
        "numberOfDocumentsFailed": counts["Failed"],
    }


def _listed(s3: Any, bucket: str, prefixes: list[str]) -> Iterator[JsonObject]:
    for prefix in prefixes:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from page.get("Contents", [])


def _text(s3: Any, bucket: str, key: str) -> str:
    if not key.endswith(TEXTS):
        raise ValueError(f"only {', '.join(TEXTS)} are read by the local cloud")
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    if len(body) > MAX_TEXT_BYTES:
        raise ValueError(f"the file has {len(body)} bytes, at most {MAX_TEXT_BYTES}")
    return body.decode()


def _metadata(s3: Any, bucket: str, key: str) -> JsonObject:
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    if len(body) > MAX_SIDECAR_BYTES:
        raise ValueError(f"its metadata file has {len(body)} bytes, at most {MAX_SIDECAR_BYTES}")
    attributes = json.loads(body).get("metadataAttributes")
    if not isinstance(attributes, dict):
        raise ValueError("its metadata file has no object metadataAttributes")
    return {name: _value(name, given) for name, given in attributes.items()}


def _value(name: str, given: Any) -> Any:
    if isinstance(given, str | bool | int | float):
        return given
    if isinstance(given, list) and given and all(isinstance(each, str) for each in given):
        return given
    raise ValueError(f"metadata attribute {name} is neither a text, a number, true or false, nor a list of texts")


def _passages(uri: str, etag: str, text: str, metadata: JsonObject) -> Iterator[Passage]:
    words = text.split(" ")
    for number, start in enumerate(range(0, max(1, len(words)), WORDS)):
        yield Passage(uri, etag, number, " ".join(words[start : start + WORDS]), metadata)
