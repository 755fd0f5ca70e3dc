"""A table of subjects and items in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.operate.rows import Table


@contextmanager
def table_of(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[Table]:
    """Give a new table."""
    for variable, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(variable, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Table(client=client, name=name)
