"""S3 Vectors as the local cloud serves it, through boto3, against what AWS documents and botocore's model says.

Limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html. Filters:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-metadata-filtering.html.
"""

import json
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from slipway_local.aws import Place
from slipway_local.s3vectors import S3Vectors
from slipway_local.shapes import service
from support.s3_vectors import ServedVectors, served_s3_vectors

pytestmark = pytest.mark.capability("R4")
DIMENSION = 4


@pytest.fixture(scope="module")
def served() -> Iterator[ServedVectors]:
    with served_s3_vectors() as made:
        yield made


@pytest.fixture
def client(served: ServedVectors) -> Any:
    """A client that sends what it is given, so that the service has to refuse it."""
    return served.client("s3vectors", validate=False)


@pytest.fixture
def bucket(served: ServedVectors) -> str:
    return served.bucket()


@pytest.fixture
def index(client: Any, bucket: str) -> dict[str, str]:
    return make(client, bucket)


def make(client: Any, bucket: str, name: str = "index", **changes: Any) -> dict[str, str]:
    named = {"vectorBucketName": bucket, "indexName": name}
    settings = {"dataType": "float32", "dimension": DIMENSION, "distanceMetric": "cosine"}
    configuration = {"nonFilterableMetadataKeys": ["text"], "textSearchConfigurations": [{"metadataKey": "text"}]}
    client.create_index(**named, **{**settings, "metadataConfiguration": configuration, **changes})
    return named


def vector(key: str, numbers: list[float], **metadata: Any) -> dict[str, Any]:
    return {"key": key, "data": {"float32": numbers}, "metadata": metadata}


def found(client: Any, index: dict[str, str], **request: Any) -> list[str]:
    wanted = {"queryVector": {"float32": [1, 0, 0, 0]}, "topK": 10, **request}
    return [one["key"] for one in client.query_vectors(**index, **wanted)["vectors"]]


def refused(code: str, text: str) -> Any:
    return pytest.raises(ClientError, match=f"(?s){code}.*{text}")


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_search_is_exact_and_tells_float32_distances(client: Any, bucket: str, metric: str) -> None:
    index = make(client, bucket, distanceMetric=metric)
    data = np.random.default_rng(5).normal(size=(200, DIMENSION)).astype(np.float32)
    client.put_vectors(**index, vectors=[vector(f"v{n}", [float(x) for x in row]) for n, row in enumerate(data)])
    wanted = np.array([0.3, -1.0, 0.25, 2.0], dtype=np.float32)
    request = {"queryVector": {"float32": [float(x) for x in wanted]}, "topK": 7, "returnDistance": True}

    answer = client.query_vectors(**index, **request)

    norms = np.linalg.norm(data, axis=1) * np.linalg.norm(wanted)
    distances = 1 - data @ wanted / norms if metric == "cosine" else np.linalg.norm(data - wanted, axis=1)
    nearest = np.argsort(distances)[:7]
    assert [one["key"] for one in answer["vectors"]] == [f"v{n}" for n in nearest]
    assert [one["distance"] for one in answer["vectors"]] == pytest.approx(
        [float(distances[n]) for n in nearest], abs=1e-5
    )
    assert answer["distanceMetric"] == metric


def test_full_text_search_ranks_by_rare_words_and_hybrid_fuses_both(client: Any, index: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-querying-full-text-and-vector-search.html"""
    texts = ["the pump is loud", "the pump ZX-4711 is loud", "the lamp", "the the the lamp is loud"]
    rows = [vector(f"v{n}", [1, n, 0, 0], text=text) for n, text in enumerate(texts)]
    client.put_vectors(**index, vectors=rows)

    words = [{"metadataKey": "text", "text": "Is the pump zx-4711 there?"}]
    answer = client.query_vectors(**index, topK=3, queryTexts=words, returnScores=True)["vectors"]
    assert [one["key"] for one in answer][:2] == ["v1", "v0"]
    bm25 = [one["scores"]["bm25Scores"][0]["score"] for one in answer]
    assert bm25 == sorted(bm25, reverse=True)
    assert "fused" not in answer[0]["scores"]

    rare = [{"metadataKey": "text", "text": "4711"}]
    both = {"queryTexts": rare, "queryVector": {"float32": [1, 3, 0, 0]}, "returnScores": True}
    fused = client.query_vectors(**index, topK=2, **both)["vectors"]
    assert {one["key"] for one in fused} == {"v1", "v3"}
    assert fused[0]["scores"]["fused"] >= fused[1]["scores"]["fused"] == pytest.approx(1 / 61)
    assert "vectorDistance" in next(one for one in fused if one["key"] == "v3")["scores"]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({"genre": "drama"}, "a b"),
        ({"genre": {"$eq": "comedy"}}, "b c"),
        ({"genre": {"$ne": "comedy"}}, "a d"),
        ({"genre": {"$in": ["x", "drama"]}}, "a b"),
        ({"genre": {"$nin": ["x", "drama"]}}, "c d"),
        ({"year": {"$gte": 2000, "$lt": 2020}}, "b"),
        ({"year": {"$exists": False}}, "d"),
        ({"year": {"$gt": 1}}, "a b"),
        ({"$or": [{"year": 1999}, {"$and": [{"genre": "comedy"}, {"year": "2001"}]}]}, "a c"),
        ({"seen": True}, "d"),
        ({"seen": 1}, ""),
    ],
)  # fmt: skip
def test_filters_mean_what_the_guide_says(client: Any, index: dict[str, str], wanted: Any, keys: str) -> None:
    rows = [
        vector("a", [1, 0, 0, 0], genre="drama", year=1999),
        vector("b", [1, 1, 0, 0], genre=["drama", "comedy"], year=2001.5),
        vector("c", [1, 2, 0, 0], genre="comedy", year="2001"),
        vector("d", [1, 3, 0, 0], seen=True),
    ]
    client.put_vectors(**index, vectors=rows)

    assert found(client, index, filter=wanted) == keys.split()


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({}, "at least one condition"),
        ({"$not": {"a": 1}}, r"\$not is not an operator"),
        ({"a": {"$regex": "x"}}, r"\$regex is not an operator"),
        ({"a": {"$in": []}}, "non-empty array"),
        ({"a": {"$gt": "1"}}, "takes a number"),
        ({"a": {"$eq": [1]}}, "a string, a number or a boolean"),
        ({"$and": []}, "non-empty array of filters"),
        ({"text": "x"}, "not filterable"),
    ],
)
def test_a_filter_that_the_service_lacks_is_refused_even_where_nothing_is_held(
    client: Any, index: dict[str, str], wanted: Any, text: str
) -> None:
    with refused("ValidationException", text):
        found(client, index, filter=wanted)


def big(characters: int) -> str:
    return "x" * characters


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([vector("a", [1, 2, 3])], "must have length 4, but has length 3"),
        ([vector("a", [0, 0, 0, 0])], "zeros"),
        ([vector("a", [1e39, 0, 0, 0])], "finite"),
        ([vector("a", [1, 0, 0, 0], tag=big(2_048))], "Filterable metadata must have at most 2048 bytes"),
        ([vector("a", [1, 0, 0, 0], text=big(40_960))], "Total metadata must have at most 40960 bytes"),
        ([vector("a", [1, 0, 0, 0], **{f"k{n}": 1 for n in range(51)})], "more than 50 keys"),
        ([vector("a", [1, 0, 0, 0], nested={"a": 1})], "must be a string"),
        ([vector("a", [1, 0, 0, 0], nothing=None)], "must be a string"),
        ([vector("k" * 1_025, [1, 0, 0, 0])], "length between 1 and 1024"),
        ([vector(f"v{n}", [1, 0, 0, 0]) for n in range(501)], "length between 1 and 500"),
        ([vector("a", [1, 0, 0, 0]), vector("a", [1, 0, 0, 0])], "more than once"),
        ([], "length between 1 and 500"),
    ],
)  # fmt: skip
def test_vectors_beyond_a_limit_are_refused_and_nothing_is_written(
    client: Any, index: dict[str, str], given: Any, text: str
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_PutInputVector.html"""
    with refused("ValidationException", text):
        client.put_vectors(**index, vectors=given)
    assert client.list_vectors(**index)["vectors"] == []


def test_requests_beyond_a_limit_are_refused(client: Any, index: dict[str, str]) -> None:
    for call, text in (
        (lambda: found(client, index, topK=101), "at most 100"),
        (lambda: found(client, index, queryMode="CLASSIC"), "CLASSIC"),
        (lambda: client.query_vectors(**index, topK=1), "queryVector, queryTexts, or both"),
        (lambda: found(client, index, queryTexts=[{"metadataKey": "text", "text": big(1_025)}]), "1024"),
        (lambda: found(client, index, queryTexts=[{"metadataKey": "title", "text": "x"}]), "not configured"),
        (lambda: client.get_vectors(**index, keys=[f"k{n}" for n in range(101)]), "between 1 and 100"),
        (lambda: client.delete_vectors(**index, keys=[f"k{n}" for n in range(501)]), "between 1 and 500"),
        (lambda: client.list_vectors(**index, segmentCount=2), "segmentIndex"),
        (lambda: client.list_vectors(**index, nextToken="x"), "nextToken"),
        (lambda: make(client, index["vectorBucketName"], "other", dimension=4_097), "between 1 and 4096"),
        (lambda: make(client, index["vectorBucketName"], "Other"), "Invalid index name"),
        (lambda: make(client, index["vectorBucketName"], "other", distanceMetric="dot"), "enum value set"),
        (lambda: client.get_index(**index, indexArn="arn"), "indexArn"),
        (lambda: client.create_vector_bucket(vectorBucketName="Bad_Name"), "Invalid vector bucket name"),
    ):
        with refused("ValidationException", text):
            call()


def test_names_exist_once_and_only_an_empty_bucket_goes(client: Any, index: dict[str, str], bucket: str) -> None:
    with refused("ConflictException", "index"):
        make(client, bucket)
    with refused("ConflictException", "bucket"):
        client.create_vector_bucket(vectorBucketName=bucket)
    with refused("ConflictException", "not empty"):
        client.delete_vector_bucket(vectorBucketName=bucket)
    client.delete_index(**index)
    with refused("NotFoundException", "index"):
        client.get_index(**index)
    client.delete_vector_bucket(vectorBucketName=bucket)
    with refused("NotFoundException", "bucket"):
        client.get_vector_bucket(vectorBucketName=bucket)


def test_listing_comes_in_pages_and_in_segments_that_share_nothing(client: Any, index: dict[str, str]) -> None:
    names = {f"v{n:04d}" for n in range(1_200)}
    for start in range(0, 1_200, 400):
        some = sorted(names)[start : start + 400]
        client.put_vectors(**index, vectors=[vector(name, [1, 0, 0, 0], text=big(2_000)) for name in some])

    pages = list(client.get_paginator("list_vectors").paginate(**index))
    assert [len(page["vectors"]) for page in pages] == [500, 500, 200]
    assert {one["key"] for page in pages for one in page["vectors"]} == names
    heavy = client.list_vectors(**index, returnMetadata=True, maxResults=1_000)
    assert len(heavy["vectors"]) < 600, "a page has about 1 MB"
    segments = [
        {one["key"] for page in client.get_paginator("list_vectors").paginate(**index, segmentCount=3, segmentIndex=n)
         for one in page["vectors"]}
        for n in range(3)
    ]  # fmt: skip
    assert set().union(*segments) == names
    assert sum(map(len, segments)) == len(names)


def test_a_bucket_and_an_index_say_what_they_are(client: Any, bucket: str) -> None:
    client.put_vector_bucket_policy(vectorBucketName=bucket, policy="{}")
    assert client.get_vector_bucket_policy(vectorBucketName=bucket)["policy"] == "{}"
    arn = client.get_vector_bucket(vectorBucketName=bucket)["vectorBucket"]["vectorBucketArn"]
    client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    named = make(client, bucket)
    shown = client.get_index(**named)["index"]
    assert (shown["indexMode"], shown["dimension"], shown["distanceMetric"]) == ("ENHANCED", DIMENSION, "cosine")
    assert client.get_index(indexArn=shown["indexArn"])["index"] == shown
    assert [one["indexName"] for one in client.list_indexes(vectorBucketArn=arn)["indexes"]] == ["index"]


def raw(served: ServedVectors, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    scope = "Credential=x/20260101/us-east-1/s3vectors/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{served.url}/{operation}", json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_answers_have_the_shapes_of_the_services_model(served: ServedVectors, client: Any, bucket: str) -> None:
    """botocore's parser drops what it does not know; here nothing may be dropped and nothing be missing."""
    named = make(client, bucket)
    client.put_vectors(**named, vectors=[vector("a", [1, 0, 0, 0], text="some words", page=1)])
    query = {"queryVector": {"float32": [1, 0, 0, 0]}, "queryTexts": [{"metadataKey": "text", "text": "words"}]}
    wanted = {"returnMetadata": True, "returnDistance": True, "returnScores": True, "topK": 3}
    owner = {"vectorBucketName": bucket}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("GetVectorBucket", owner),
        ("ListVectorBuckets", {}),
        ("GetIndex", named),
        ("ListIndexes", owner),
        ("GetVectors", {**named, "keys": ["a"], "returnData": True, "returnMetadata": True}),
        ("ListVectors", {**named, "returnData": True, "returnMetadata": True}),
        ("QueryVectors", {**named, **query, **wanted}),
        ("UpdateIndexMode", {**named, "indexMode": "ENHANCED"}),
        ("PutVectorBucketDefaultIndexMode", {**owner, "defaultIndexMode": "ENHANCED"}),
        ("DeleteVectors", {**named, "keys": ["a"]}),
        ("DeleteIndex", named),
        ("CreateIndex", {**named, "dataType": "float32", "dimension": 1, "distanceMetric": "euclidean"}),
    ]
    for operation, body in calls:
        status, answer = raw(served, operation, body)
        assert status == 200, (operation, answer)
        shape = service("s3vectors").operation_model(operation).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), (operation, report.generate_report())


def test_what_is_not_emulated_or_known_is_named(served: ServedVectors) -> None:
    assert raw(served, "UpdateMetadataConfiguration", {"vectorBucketName": "x"})[0] == 404
    assert "not emulated" in raw(served, "UpdateMetadataConfiguration", {})[1]["message"]
    status, answer = raw(served, "GetIndex", {"bucket": "x"})
    assert (status, answer["fieldList"][0]["path"]) == (400, "/bucket")


def test_it_comes_back_from_a_snapshot(served: ServedVectors, client: Any, index: dict[str, str], bucket: str) -> None:
    client.put_vectors(**index, vectors=[vector("a", [1, 2, 3, 4], text="kept")])
    again = S3Vectors(Place(endpoint_url=""))
    state = served.app.state()
    client.delete_vectors(**index, keys=["a"])

    again.restore(pickle.loads(pickle.dumps(state)))

    held = again.state().buckets[bucket].indexes["index"].vectors["a"]
    assert (held.metadata, held.data.tolist()) == ({"text": "kept"}, [1.0, 2.0, 3.0, 4.0])
