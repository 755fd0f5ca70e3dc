"""Vector buckets, their policies, their indexes and tags: what is called seldom.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_S3_Vectors.html
"""

from __future__ import annotations

import re

from ..aws import Place
from ..aws_json import JsonObject, ServiceError
from .model import MODE, Bucket, Contents, Index
from .pages import page

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
MAX_INDEXES, MAX_BUCKETS, PAGE = 10_000, 10_000, 500


class Buckets:
    """The calls that concern buckets and indexes, not vectors."""

    def __init__(self, contents: Contents, place: Place) -> None:
        self._contents = contents
        self._place = place

    def bucket(self, request: JsonObject) -> Bucket:
        """Return the bucket that a request names. Raises: ServiceError."""
        name, arn = request.get("vectorBucketName"), request.get("vectorBucketArn")
        if bool(name) == bool(arn):
            message = "Must specify either vectorBucketName or vectorBucketArn but not both"
            raise ServiceError("ValidationException", message)
        found = self._contents.buckets.get(name or str(arn).rpartition("bucket/")[2])
        if found is None or (arn and found.arn != arn):
            raise ServiceError("NotFoundException", "The specified vector bucket could not be found", 404)
        return found

    def index(self, request: JsonObject) -> Index:
        """Return the index that a request names. Raises: ServiceError."""
        bucket, name, arn = (request.get(key) for key in ("vectorBucketName", "indexName", "indexArn"))
        if arn and not bucket and not name:
            bucket, _, name = str(arn).rpartition("bucket/")[2].partition("/index/")
        elif arn or not bucket or not name:
            message = "Must specify either indexArn or both vectorBucketName and indexName"
            raise ServiceError("ValidationException", message)
        held = self._contents.buckets.get(str(bucket))
        if held is None or name not in held.indexes:
            raise ServiceError("NotFoundException", "The specified index could not be found", 404)
        return held.indexes[name]

    def create_bucket(self, request: JsonObject) -> JsonObject:
        """CreateVectorBucket."""
        name = request["vectorBucketName"]
        if not NAME.fullmatch(name):
            raise ServiceError("ValidationException", "Invalid vector bucket name")
        if name in self._contents.buckets:
            raise ServiceError("ConflictException", "A vector bucket with the specified name already exists", 409)
        if len(self._contents.buckets) >= MAX_BUCKETS:
            raise ServiceError("ServiceQuotaExceededException", "There are too many vector buckets", 402)
        encryption = _encryption(request) or {"sseType": "AES256"}
        made = Bucket(name, self._place.arn("s3vectors", f"bucket/{name}"), encryption)
        self._contents.buckets[name] = made
        self._contents.tags[made.arn] = dict(request.get("tags", {}))
        return {"vectorBucketArn": made.arn}

    def delete_bucket(self, request: JsonObject) -> JsonObject:
        """DeleteVectorBucket."""
        bucket = self.bucket(request)
        if bucket.indexes:
            raise ServiceError("ConflictException", "The specified vector bucket is not empty", 409)
        del self._contents.buckets[bucket.name]
        self._contents.tags.pop(bucket.arn, None)
        return {}

    def list_buckets(self, request: JsonObject) -> JsonObject:
        """ListVectorBuckets."""
        prefix, limit = request.get("prefix", ""), request.get("maxResults", PAGE)
        chosen = [one for one in self._contents.buckets.values() if one.name.startswith(prefix)]
        found, token = page(chosen, lambda one: one.name, request.get("nextToken"), limit)
        return {"vectorBuckets": [one.summary() for one in found], **({"nextToken": token} if token else {})}

    def create_index(self, request: JsonObject) -> JsonObject:
        """CreateIndex."""
        named: JsonObject = {key: request[key] for key in ("vectorBucketName", "vectorBucketArn") if key in request}
        bucket, name = self.bucket(named), request["indexName"]
        if not INDEX_NAME.fullmatch(name):
            raise ServiceError("ValidationException", "Invalid index name")
        if name in bucket.indexes:
            raise ServiceError("ConflictException", "An index with the specified name already exists", 409)
        if len(bucket.indexes) >= MAX_INDEXES:
            raise ServiceError("ServiceQuotaExceededException", "The vector bucket has too many indexes", 402)
        configuration = request.get("metadataConfiguration", {})
        texts = configuration.get("textSearchConfigurations", [])
        made = Index(
            bucket=bucket.name,
            name=name,
            arn=f"{bucket.arn}/index/{name}",
            dimension=request["dimension"],
            metric=request["distanceMetric"],
            unfilterable=list(configuration.get("nonFilterableMetadataKeys", [])),
            texts={one["metadataKey"]: one for one in texts},
            encryption=_encryption(request),
        )
        if len(made.texts) != len(texts):
            message = "textSearchConfigurations has more than one configuration for a metadata key"
            raise ServiceError("ValidationException", message)
        bucket.indexes[name] = made
        self._contents.tags[made.arn] = dict(request.get("tags", {}))
        return {"indexArn": made.arn}

    def delete_index(self, request: JsonObject) -> JsonObject:
        """DeleteIndex."""
        index = self.index(request)
        del self._contents.buckets[index.bucket].indexes[index.name]
        self._contents.tags.pop(index.arn, None)
        return {}

    def list_indexes(self, request: JsonObject) -> JsonObject:
        """ListIndexes."""
        prefix, limit = request.get("prefix", ""), request.get("maxResults", PAGE)
        chosen = [one for one in self.bucket(request).indexes.values() if one.name.startswith(prefix)]
        found, token = page(chosen, lambda one: one.name, request.get("nextToken"), limit)
        return {"indexes": [one.summary() for one in found], **({"nextToken": token} if token else {})}

    def set_mode(self, request: JsonObject) -> JsonObject:
        """UpdateIndexMode and PutVectorBucketDefaultIndexMode: of a new bucket every index is ENHANCED already."""
        owner = self.index(request) if "indexMode" in request else self.bucket(request)
        if request.get("indexMode", request.get("defaultIndexMode")) != MODE:
            message = f"CLASSIC is for vector buckets created before September 30, 2026, not for {owner.name}"
            raise ServiceError("ValidationException", message)
        return {}

    def put_policy(self, request: JsonObject) -> JsonObject:
        """PutVectorBucketPolicy: kept and not evaluated."""
        self.bucket(request).policy = request["policy"]
        return {}

    def get_policy(self, request: JsonObject) -> JsonObject:
        """GetVectorBucketPolicy."""
        policy = self.bucket(request).policy
        if policy is None:
            raise ServiceError("NotFoundException", "The specified vector bucket policy could not be found", 404)
        return {"policy": policy}

    def delete_policy(self, request: JsonObject) -> JsonObject:
        """DeleteVectorBucketPolicy."""
        self.bucket(request).policy = None
        return {}


def _encryption(request: JsonObject) -> JsonObject | None:
    given = request.get("encryptionConfiguration")
    if given and (given.get("sseType") == "aws:kms") != ("kmsKeyArn" in given):
        raise ServiceError("ValidationException", "kmsKeyArn is allowed if and only if sseType is aws:kms")
    return dict(given) if given else None
