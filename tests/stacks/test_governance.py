"""Governance: a trail of models and prompts, an audit table that only grows, budgets that tell."""

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.capability("O10")


def text(of: Any) -> str:
    return json.dumps(of)


def test_production_records_who_reads_and_changes_models_prompts_and_the_audit_table(prod: Any) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"""
    trail = prod.one("governance", "AWS::CloudTrail::Trail")
    selectors = {each["Name"]: each["FieldSelectors"] for each in trail["AdvancedEventSelectors"]}

    assert trail["EnableLogFileValidation"] and trail["IsLogging"]
    assert "keyarn" in text(trail["KMSKeyId"])
    assert {"Field": "resources.type", "Equals": ["AWS::S3::Object"]} in selectors["Objects"]
    assert "artifactsbucketname" in text(selectors["Objects"])
    for table in ("audit", "prompts"):
        assert f"foundation{table}tablename" in text(selectors["Items"])
    for _, fields in selectors.items():
        assert fields[0]["Field"] == "eventCategory"


def test_the_trail_s_bucket_lets_that_trail_write_and_nobody_else(prod: Any) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
    policies = [item["Properties"] for item in prod.of("foundation", "AWS::S3::BucketPolicy")]
    (own,) = [each for each in policies if "TrailBucket" in text(each["Bucket"])]
    trail = [each for each in own["PolicyDocument"]["Statement"] if each.get("Sid", "").startswith("Trail")]

    assert {each["Action"] for each in trail} == {"s3:GetBucketAcl", "s3:PutObject"}
    for each in trail:
        assert each["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert ":trail/slipway-prod" in text(each["Condition"]["StringEquals"]["aws:SourceArn"])
    assert prod.one("governance", "AWS::CloudTrail::Trail")["TrailName"] == "slipway-prod"


def test_nobody_may_change_or_remove_an_entry_of_the_audit_table(environments: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html"""
    for templates in environments.values():
        tables = [item["Properties"] for item in templates.of("foundation", "AWS::DynamoDB::Table")]
        (audit,) = [each for each in tables if "ResourcePolicy" in each]
        (statement,) = audit["ResourcePolicy"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"} <= set(statement["Action"])
        assert "dynamodb:PutItem" not in statement["Action"]


def test_money_is_told_to_the_topic_that_lets_the_billing_services_in(prod: Any, dev: Any) -> None:
    """https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html"""
    budget = prod.one("governance", "AWS::Budgets::Budget")
    told = budget["NotificationsWithSubscribers"]

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 1000, "Unit": "USD"}
    assert "user:slipway:environment$prod" in text(budget["Budget"]["CostFilters"])
    assert {(each["Notification"]["Threshold"], each["Notification"]["NotificationType"]) for each in told} == {
        (80, "ACTUAL"),
        (100, "ACTUAL"),
        (100, "FORECASTED"),
    }
    assert all("alarmtopicarn" in text(each["Subscribers"]) for each in told)
    assert "alarmtopicarn" in text(prod.one("governance", "AWS::CE::AnomalySubscription")["Subscribers"])
    topics = text(prod.of("foundation", "AWS::SNS::TopicPolicy"))
    assert "budgets.amazonaws.com" in topics and "costalerts.amazonaws.com" in topics
    assert "budgets.amazonaws.com" not in text(dev.of("foundation", "AWS::SNS::TopicPolicy"))


def test_what_is_off_creates_nothing_and_the_services_of_the_account_are_switches(
    dev: Any, prod: Any, synthesise: Callable[[str], Any]
) -> None:
    assert "governance" not in dev
    assert not prod.of("governance", "AWS::SecurityHub::Hub")

    found = synthesise("governance: {security_hub: true, guard_duty: true}")

    kinds = {item["Type"] for item in found["governance"]["Resources"].values()} - {"AWS::CDK::Metadata"}
    assert kinds == {"AWS::SecurityHub::Hub", "AWS::GuardDuty::Detector"}
    assert not [item for item in found.of("foundation", "AWS::S3::Bucket") if "trail" in text(item).lower()]
