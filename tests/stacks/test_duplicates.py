"""The removal of near-duplicates in the templates: there is all of it where a source is searched, and else nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

ONE_SOURCE = """
network: { mode: create }
ingestion:
  sources:
    - prefix: acme/mail/
      rules: {}
      near_duplicates: { enabled: true, threshold: 0.9 }
    - { prefix: acme/wiki/, rules: {} }
"""


def tables(templates: Any) -> list[dict[str, Any]]:
    found = templates["foundation"]["Resources"].items()
    made = [item["Properties"] for name, item in found if name.startswith("Duplicates") and "Table" in item["Type"]]
    assert all([key["AttributeName"] for key in table["KeySchema"]] == ["subject", "item"] for table in made)
    return made


def held_alarms(templates: Any) -> list[dict[str, Any]]:
    found = templates.of("observability", "AWS::CloudWatch::Alarm")
    return [item["Properties"] for item in found if item["Properties"]["MetricName"] == "DuplicatesHeld"]


@pytest.mark.capability("D4")
def test_staging_and_prod_search_for_near_duplicates(environments: Any) -> None:
    for name in ("staging", "prod"):
        templates = environments[name]
        variables = templates.function("ingestion", "ingest_document")["Environment"]["Variables"]
        (alarm,) = held_alarms(templates)

        assert json.loads(variables["NEAR_DUPLICATES"]) == {"default": {"enabled": True}}
        assert "duplicatestablename" in variables["DUPLICATES_TABLE"]["Ref"]
        assert len(tables(templates)) == 1
        assert {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]} == {
            "service": "ingest_document",
            "environment": name,
        }
        assert "slipway duplicates" in alarm["AlarmDescription"]


def test_dev_keeps_every_document_and_has_nothing_of_it(dev: Any) -> None:
    variables = dev.function("ingestion", "ingest_document")["Environment"]["Variables"]

    assert {"NEAR_DUPLICATES", "DUPLICATES_TABLE"}.isdisjoint(variables)
    assert tables(dev) == []
    assert held_alarms(dev) == []
    assert "sqs:SendMessage" not in dev.allowed("ingestion", "Ingest")


@pytest.mark.capability("D4")
def test_one_source_alone_can_be_searched(synthesise: Callable[[str], Any]) -> None:
    trial = synthesise(ONE_SOURCE)
    variables = trial.function("ingestion", "ingest_document")["Environment"]["Variables"]

    assert trial.unpublished() == []
    assert len(tables(trial)) == 1
    assert json.loads(variables["NEAR_DUPLICATES"]) == {
        "default": {},
        "sources": [
            {"prefix": "acme/mail/", "near_duplicates": {"enabled": True, "threshold": 0.9}},
            {"prefix": "acme/wiki/"},
        ],
    }


def test_what_the_function_may_do_passes_the_endpoints(prod: Any) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html: both policies have to allow it."""
    passed = {
        action
        for item in prod.of("network", "AWS::EC2::VPCEndpoint")
        for statement in item["Properties"].get("PolicyDocument", {"Statement": []})["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    allowed = prod.allowed("ingestion", "Ingest")
    # Lambda itself receives, with the function's role.
    received = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}

    assert {"dynamodb:ConditionCheckItem", "dynamodb:UpdateItem", "sqs:SendMessage"} <= allowed
    assert {one for one in allowed if one.startswith(("dynamodb:", "sqs:"))} - received <= passed


def test_the_table_is_as_safe_as_the_others(prod: Any) -> None:
    (table,) = tables(prod)

    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEType"] == "KMS"
