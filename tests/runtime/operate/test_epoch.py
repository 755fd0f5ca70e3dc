"""A tenant's documents have an epoch: each change of one counts it up, for that tenant alone."""

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.record import Record, Status


@pytest.mark.capability("S9")
def test_each_write_and_deletion_counts_up_the_epoch_of_its_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        keys = ("document_id", "item")
        client.create_table(
            TableName="documents",
            KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        lineage = Lineage(client=client, documents_table="documents", rejects_table="")
        statuses: tuple[Status, ...] = ("indexed", "indexed", "deleted")
        seen = [lineage.epoch("acme")]
        for number, status in enumerate(statuses):
            record = Record(
                document_id="d",
                tenant="acme",
                path="a.md",
                bucket="b",
                key="acme/a.md",
                sequencer=f"{number:032X}",
                status=status,
                updated_at="2026-01-01T00:00:00Z",
            )
            assert lineage.put(record)
            seen.append(lineage.epoch("acme"))
        assert seen == [0, 1, 2, 3]
        assert lineage.epoch("other") == 0
