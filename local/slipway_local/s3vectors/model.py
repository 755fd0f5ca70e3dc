"""What is stored: vector buckets, their indexes, and vectors. Nothing here needs a lock of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..aws_json import JsonObject

Floats = NDArray[np.float32]
MODE = "ENHANCED"  # of every index in a bucket made since 30 September 2026


@dataclass
class Vector:
    """One vector with its metadata."""

    key: str
    data: Floats
    metadata: JsonObject

    def shown(self, *, data: bool, metadata: bool) -> JsonObject:
        """Return it as GetVectors and ListVectors do."""
        found: JsonObject = {"key": self.key}
        if data:
            found["data"] = {"float32": [float(number) for number in self.data]}
        if metadata and self.metadata:
            found["metadata"] = self.metadata
        return found


@dataclass
class Index:
    """One index; `texts` are its searchable metadata keys with their configuration."""

    bucket: str
    name: str
    arn: str
    dimension: int
    metric: str
    unfilterable: list[str] = field(default_factory=list)
    texts: dict[str, JsonObject] = field(default_factory=dict)
    encryption: JsonObject | None = None
    created: float = field(default_factory=time.time)
    vectors: dict[str, Vector] = field(default_factory=dict)

    def summary(self) -> JsonObject:
        """Return it as ListIndexes does."""
        return {
            "vectorBucketName": self.bucket,
            "indexName": self.name,
            "indexArn": self.arn,
            "creationTime": self.created,
        }

    def shown(self) -> JsonObject:
        """Return it as GetIndex does."""
        configuration: JsonObject = {}
        if self.unfilterable:
            configuration["nonFilterableMetadataKeys"] = self.unfilterable
        if self.texts:
            configuration["textSearchConfigurations"] = [{**one, "status": "ACTIVE"} for one in self.texts.values()]
        found: JsonObject = {
            **self.summary(),
            "dataType": "float32",
            "dimension": self.dimension,
            "distanceMetric": self.metric,
            "indexMode": MODE,
        }
        if configuration:
            found["metadataConfiguration"] = configuration
        return found | ({"encryptionConfiguration": self.encryption} if self.encryption else {})


@dataclass
class Bucket:
    """One vector bucket."""

    name: str
    arn: str
    encryption: JsonObject
    created: float = field(default_factory=time.time)
    policy: str | None = None
    indexes: dict[str, Index] = field(default_factory=dict)

    def summary(self) -> JsonObject:
        """Return it as ListVectorBuckets does."""
        return {"vectorBucketName": self.name, "vectorBucketArn": self.arn, "creationTime": self.created}

    def shown(self) -> JsonObject:
        """Return it as GetVectorBucket does."""
        return {**self.summary(), "encryptionConfiguration": self.encryption, "defaultIndexMode": MODE}


@dataclass
class Contents:
    """Everything that the service holds; `tags` by ARN."""

    buckets: dict[str, Bucket] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """Return a copy that shares the vectors alone."""
        buckets = {
            name: replace(bucket, indexes={one.name: _copy(one) for one in bucket.indexes.values()})
            for name, bucket in self.buckets.items()
        }
        return Contents(buckets, {arn: dict(tags) for arn, tags in self.tags.items()})


def _copy(index: Index) -> Index:
    return replace(index, vectors=dict(index.vectors))


def metadata_of(value: Any) -> JsonObject:
    """Return a vector's metadata, an empty object where none is given."""
    return {} if value is None else value
