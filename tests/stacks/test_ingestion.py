from typing import Any

import pytest


@pytest.mark.capability("D1")
def test_documents_that_come_and_go_reach_the_queue(dev: Any) -> None:
    rule = dev.one("ingestion", "AWS::Events::Rule")

    assert rule["EventPattern"]["source"] == ["aws.s3"]
    assert rule["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    assert "rawbucketname" in rule["EventPattern"]["detail"]["bucket"]["name"][0]["Ref"]
    assert len(rule["Targets"]) == 1


def test_failures_are_tried_again_alone_and_end_in_the_dead_letter_queue(dev: Any) -> None:
    mapping = dev.one("ingestion", "AWS::Lambda::EventSourceMapping")
    queues = [item["Properties"] for item in dev.of("ingestion", "AWS::SQS::Queue")]
    (work,) = [queue for queue in queues if "RedrivePolicy" in queue]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert work["RedrivePolicy"]["maxReceiveCount"] == 5
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


def test_the_function_may_read_documents_and_delete_none(dev: Any) -> None:
    allowed = dev.allowed("ingestion", "Ingest")

    assert {"s3:GetObject", "s3:GetObjectVersion", "bedrock:InvokeModel", "rds-data:ExecuteStatement"} <= allowed
    assert not {action for action in allowed if action.startswith("s3:") and ("Put" in action or "Delete" in action)}
