"""The prompts table in this process, and what stands in it."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.table import Table
from slipway_runtime.generate.prompts.versions import Versions

TABLE = "prompts"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Table(client=client, name=TABLE)


@pytest.fixture
def versions(table: Table) -> Versions:
    return Versions(table=table, tenant="acme")


@pytest.fixture
def labels(versions: Versions) -> Labels:
    return Labels(versions=versions)


@pytest.fixture
def experiments(labels: Labels) -> Experiments:
    return Experiments(labels=labels)
