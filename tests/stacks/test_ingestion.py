import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.capability("D1")
def test_documents_that_come_and_go_reach_the_queue(dev: Any) -> None:
    rule = dev.one("ingestion", "AWS::Events::Rule")

    assert rule["EventPattern"]["source"] == ["aws.s3"]
    assert rule["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    assert "rawbucketname" in rule["EventPattern"]["detail"]["bucket"]["name"][0]["Ref"]
    assert len(rule["Targets"]) == 1


@pytest.mark.capability("D1")
def test_what_events_cannot_deliver_waits_in_the_dead_letter_queue_which_takes_it_from_this_rule(prod: Any) -> None:
    (rule_id,) = [name for name, item in prod["ingestion"]["Resources"].items() if item["Type"] == "AWS::Events::Rule"]
    (target,) = prod.one("ingestion", "AWS::Events::Rule")["Targets"]
    dead_letters = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    (policy,) = [
        item["Properties"]["PolicyDocument"]["Statement"]
        for item in prod.of("ingestion", "AWS::SQS::QueuePolicy")
        if item["Properties"]["Queues"] == [{"Ref": dead_letters}]
    ]
    senders = [statement for statement in policy if statement["Effect"] == "Allow"]

    assert "RedrivePolicy" not in prod["ingestion"]["Resources"][dead_letters]["Properties"]
    by = {statement["Principal"]["Service"]: statement for statement in senders}
    assert set(by) == {"events.amazonaws.com", "sns.amazonaws.com"}
    assert by["events.amazonaws.com"]["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule_id, "Arn"]}}}
    users = prod.one("foundation", "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (messages,) = [item for item in users if item["Sid"] == "Messages"]
    assert "events.amazonaws.com" in messages["Principal"]["Service"]
    assert set(messages["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_failures_are_tried_again_alone_and_end_in_the_dead_letter_queue(dev: Any) -> None:
    mapping = dev.one("ingestion", "AWS::Lambda::EventSourceMapping")
    queues = [item["Properties"] for item in dev.of("ingestion", "AWS::SQS::Queue")]
    (work,) = [queue for queue in queues if "RedrivePolicy" in queue]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert work["RedrivePolicy"]["maxReceiveCount"] == 10
    assert work["VisibilityTimeout"] >= 6 * dev.function("ingestion", "ingest_document")["Timeout"]
    assert {queue["MessageRetentionPeriod"] for queue in queues} == {14 * 24 * 3600}


def test_the_function_gets_the_settings_of_the_contract(dev: Any) -> None:
    variables = dev.function("ingestion", "ingest_document")["Environment"]["Variables"]

    assert variables["EMBEDDING_MODEL_ID"] == "amazon.titan-embed-text-v2:0"
    assert variables["EMBEDDING_DIMENSIONS"] == "1024"
    assert variables["CHUNK_MAX_CHARACTERS"] == "1200"
    assert variables["CHUNK_OVERLAP_CHARACTERS"] == "150"
    assert variables["MAX_DOCUMENT_BYTES"] == "20000000"
    assert variables["POWERTOOLS_SERVICE_NAME"] == "ingest_document"
    assert variables["SLIPWAY_ENVIRONMENT"] == "dev"
    assert {"DOCUMENTS_TABLE", "REJECTS_TABLE", "DATABASE_CLUSTER_ARN"} <= set(variables)


def test_the_function_may_keep_messages_of_the_queue_that_it_is_told(prod: Any) -> None:
    queue = prod.function("ingestion", "ingest_document")["Environment"]["Variables"]["QUEUE_URL"]["Ref"]

    assert "RedrivePolicy" in prod["ingestion"]["Resources"][queue]["Properties"]
    assert "sqs:ChangeMessageVisibility" in prod.allowed("ingestion", "Ingest")


def test_the_function_may_read_documents_and_delete_none(dev: Any) -> None:
    allowed = dev.allowed("ingestion", "Ingest")

    assert {"s3:GetObject", "s3:GetObjectVersion", "bedrock:InvokeModel", "rds-data:ExecuteStatement"} <= allowed
    assert {
        json.dumps(statement["Resource"])
        for statement in statements(dev, "Ingest")
        if {"s3:PutObject", "s3:DeleteObjectVersion"} & set(statement["Action"])
        if "rawbucketname" in json.dumps(statement["Resource"])
    } == set()
    assert "s3:DeleteObject" not in allowed
    assert {action for action in allowed if action.startswith("dynamodb:")} == {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query")
    }


NAMES = """
ingestion:
  sources:
    - { prefix: acme/mail/, rules: { redact: { kinds: [name] } } }
"""


def statements(templates: Any, construct: str) -> list[dict[str, Any]]:
    return [
        statement
        for name, item in templates["ingestion"]["Resources"].items()
        if item["Type"] == "AWS::IAM::Policy" and name.startswith(construct)
        for statement in item["Properties"]["PolicyDocument"]["Statement"]
    ]


@pytest.mark.capability("D3")
def test_the_function_is_told_the_rules_and_where_curated_documents_go(dev: Any, prod: Any) -> None:
    variables = dev.function("ingestion", "ingest_document")["Environment"]["Variables"]
    strict = prod.function("ingestion", "ingest_document")["Environment"]["Variables"]

    assert variables["RULES"] == "{}"
    assert "curatedbucketname" in variables["CURATED_BUCKET"]["Ref"]
    assert json.loads(strict["RULES"]) == {
        "default": {"redact": {"kinds": ["card", "iban", "ssn", "aws_key", "secret"]}}
    }


@pytest.mark.capability("D3")
def test_comprehend_is_allowed_and_reached_only_where_names_are_redacted(
    prod: Any, synthesise: Callable[[str], Any]
) -> None:
    named = synthesise(NAMES + "network:\n  mode: create\n")
    wanted = {"comprehend:DetectEntities", "comprehend:DetectPiiEntities"}

    assert wanted <= named.allowed("ingestion", "Ingest")
    assert wanted.isdisjoint(prod.allowed("ingestion", "Ingest"))
    assert ".comprehend" in json.dumps(named.of("network", "AWS::EC2::VPCEndpoint"))
    assert ".comprehend" not in json.dumps(prod.of("network", "AWS::EC2::VPCEndpoint"))
