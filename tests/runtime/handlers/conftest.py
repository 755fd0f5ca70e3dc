"""The functions' surroundings: moto's S3, DynamoDB and secrets in this process, the store and Bedrock over HTTP."""

import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_local.faults import Faults
from slipway_local.serving import serve
from slipway_runtime import parts_of_exchange
from slipway_runtime.handlers import authorize, chat, embeddings, ingest_document, search
from slipway_runtime.operate import observability
from slipway_runtime.operate.clients import client, session
from support.database import database
from support.erasing import KEYS
from support.handled import ARTIFACTS, BUCKET, CURATED, Cloud, Context, CountingBedrock, empty_store, make_tables
from support.served import CLUSTER_ARN, SECRET_ARN

VARIABLES = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
    "STORE": "aurora",
    "DATABASE_CLUSTER_ARN": CLUSTER_ARN,
    "DATABASE_SECRET_ARN": SECRET_ARN,
    "DATABASE_NAME": "slipway",
    "EMBEDDING_MODEL_ID": "amazon.titan-embed-text-v2:0",
    "EMBEDDING_DIMENSIONS": "256",
    "DOCUMENTS_TABLE": "documents",
    "REJECTS_TABLE": "rejects",
    "RAW_BUCKET": BUCKET,
    "CURATED_BUCKET": CURATED,
    "ERASURE_PLACES": json.dumps(
        [
            *([CURATED, "corpus/", False], [ARTIFACTS, "datasets/", False], [ARTIFACTS, "labelling/", False]),
            *([ARTIFACTS, "augmentation-runs/", False], [ARTIFACTS, "datasets-work/", True]),
        ]
    ),
    "RULES": "{}",
    "CHUNK_MAX_CHARACTERS": "600",
    "CHUNK_OVERLAP_CHARACTERS": "80",
    "MAX_DOCUMENT_BYTES": "1000000",
    "RETRIEVE_TOP_K": "5",
    "RETRIEVE_MIN_SCORE": "0.3",
    "CONTEXT_MAX_TOKENS": "2000",
    "REWRITE_QUESTIONS": "true",
    "ROUTES_PARAMETER": "/slipway/test/gateway/routes",
}


MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
DEFAULT = {
    "default": {"grounded": True, "routes": [{"bedrock": MODEL, "max_tokens": 400}]},
    "fast": {"routes": [{"bedrock": MODEL, "max_tokens": 400}]},
}


def put_routes(table: dict[str, Any]) -> None:
    """Write the routing table."""
    value = json.dumps(table)
    boto3.client("ssm").put_parameter(Name=VARIABLES["ROUTES_PARAMETER"], Value=value, Type="String", Overwrite=True)


def forget() -> None:
    """Let the functions begin anew: no client, no table, no breaker of before."""
    kept = (
        parts_of_exchange.router,
        parts_of_exchange._secret,
        parts_of_exchange.searcher,
        chat._table,
        chat._steps,
        embeddings._embedder,
    )
    for cached in (client, session, search._searcher, ingest_document._lifecycle, *kept):
        cached.cache_clear()


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What the function has written so far: log lines and metrics."""
    handler = observability.logger.registered_handler
    lines = io.StringIO()
    before, handler.stream = handler.stream, lines
    yield lambda: lines.getvalue() + capsys.readouterr().out
    handler.stream = before


@pytest.fixture(scope="session")
def bedrock() -> Iterator[tuple[CountingBedrock, Faults, str]]:
    app, faults = CountingBedrock(), Faults()
    with serve(partial(faults, service=app)) as url:
        yield app, faults, url


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def cloud(served_data_api: Any, bedrock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    app, faults, url = bedrock
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", served_data_api.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME", url)
    forget()
    authorize.cache.__init__()
    with mock_aws():
        s3 = boto3.client("s3")
        for bucket in (BUCKET, CURATED, ARTIFACTS):
            s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=bucket == BUCKET)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        dynamodb = boto3.resource("dynamodb")
        make_tables(dynamodb)
        served_data_api.pause(0)
        data_api = database(served_data_api)
        empty_store(data_api)
        app.calls = 0
        put_routes(DEFAULT)
        yield Cloud(s3=s3, dynamodb=dynamodb, data_api=data_api, bedrock=app, faults=faults)
        faults.clear()
    served_data_api.pause(0)


@pytest.fixture
def ingested(cloud: Cloud, context: Context) -> Cloud:
    """Three documents, and the time that a run of erasure has."""
    context.seconds = 900
    assert cloud.ingest(*(cloud.put(key, f"# Title of {key}\n\nText of {key}.") for key in KEYS)) == []
    return cloud
