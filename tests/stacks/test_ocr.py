"""Text recognition: on in staging and prod, off in dev; permissions, the topic, and what the functions are told."""

import json
from typing import Any

import pytest

from slipway_constructs.text_recognition import TEXTRACT_ACTIONS

pytestmark = pytest.mark.capability("D1")


def test_dev_makes_nothing_of_it(dev: Any) -> None:
    assert "textract" not in json.dumps(dev["ingestion"]).lower()
    assert not dev.of("ingestion", "AWS::SNS::Topic")


def test_the_function_may_recognise_and_pass_one_role_to_the_service_alone(prod: Any) -> None:
    policies = [item["Properties"]["PolicyDocument"] for item in prod.of("ingestion", "AWS::IAM::Policy")]
    allowed = [one for policy in policies for one in policy["Statement"]]
    (asking,) = [one for one in allowed if "textract" in json.dumps(one["Action"])]
    (passing,) = [one for one in allowed if one["Action"] == "iam:PassRole"]
    (role_id,) = [
        name
        for name, item in prod["ingestion"]["Resources"].items()
        if item["Type"] == "AWS::IAM::Role" and "textract.amazonaws.com" in json.dumps(item)
    ]

    # The CDK joins statements about the same resource, "*".
    assert sorted(one for one in asking["Action"] if one.startswith("textract:")) == sorted(TEXTRACT_ACTIONS)
    assert asking["Resource"] == "*"
    assert passing["Resource"] == {"Fn::GetAtt": [role_id, "Arn"]}
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "textract.amazonaws.com"}}
    trust = prod["ingestion"]["Resources"][role_id]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_end_of_a_job_goes_to_the_queue_of_documents_as_it_is(prod: Any) -> None:
    subscription = prod.one("ingestion", "AWS::SNS::Subscription")
    topic = prod.one("ingestion", "AWS::SNS::Topic")
    mapping = prod.one("ingestion", "AWS::Lambda::EventSourceMapping")

    assert subscription["RawMessageDelivery"] is True
    assert subscription["Endpoint"] == mapping["EventSourceArn"]
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]
    assert "KmsMasterKeyId" in topic
    messages = [
        one for one in prod.one("foundation", "AWS::KMS::Key")["KeyPolicy"]["Statement"] if one["Sid"] == "Messages"
    ]
    assert "sns.amazonaws.com" in messages[0]["Principal"]["Service"]


def test_the_runs_over_the_corpus_read_the_same_texts(prod: Any) -> None:
    functions = [item["Properties"]["Environment"]["Variables"] for item in prod.of("corpus", "AWS::Lambda::Function")]
    jobs = [item["Properties"] for item in prod.of("corpus", "AWS::Glue::Job")]

    assert [one["OCR"] for one in functions if "OCR" in one] == ["textract"]
    assert [one["DefaultArguments"]["--ocr"] for one in jobs] == ["yes"]
