"""What the templates of an environment with S3 Vectors hold."""

import json
from collections.abc import Callable
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

pytestmark = pytest.mark.capability("R4")
EVERYTHING = (
    "removal: destroy\nretrieval: {store: s3_vectors}\nnetwork: {mode: create}\n"
    "encryption: {customer_managed_key: true}\n"
)


@pytest.fixture
def templates(synthesise: Callable[[str], Any]) -> Any:
    return synthesise(EVERYTHING)


def test_cfn_lint_finds_nothing(templates: Any) -> None:
    options = cfnlint.config.ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=["W3005"])
    for part in ("foundation", "network", "retrieval"):
        found = cfnlint.api.lint(json.dumps(templates[part], indent=1), get_rules([], ["W3005"], []), config=options)
        assert [str(match) for match in found] == [], part


def test_each_function_may_do_what_it_has_to_and_no_more(templates: Any) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_s3vectors.html"""
    search = {"s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:ListVectors", "s3vectors:QueryVectors"}
    write = {"s3vectors:CreateIndex", "s3vectors:DeleteVectors", "s3vectors:PutVectors"}

    def of(part: str, construct: str, service: str) -> set[str]:
        return {action for action in templates.allowed(part, construct) if action.startswith(service)}

    assert of("gateway", "Chat", "s3vectors") == search
    assert of("gateway", "Chat", "dynamodb") == {"dynamodb:BatchGetItem", "dynamodb:GetItem"}
    assert of("ingestion", "Ingest", "s3vectors") == search | write
    assert of("ingestion", "Ingest", "dynamodb") >= {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
    assert of("retrieval", "MigrateStore", "s3vectors") == {"s3vectors:CreateIndex", "s3vectors:GetIndex"}
    emptying = {"s3vectors:DeleteIndex", "s3vectors:ListIndexes", "s3vectors:ListTagsForResource"}
    assert of("retrieval", "StoreDeleteIndexes", "s3vectors") == emptying


def test_the_bucket_is_closed_to_requests_without_tls(templates: Any) -> None:
    (statement,) = templates.one("retrieval", "AWS::S3Vectors::VectorBucketPolicy")["Policy"]["Statement"]

    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3vectors:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_indexes_go_before_their_bucket_by_a_function_that_still_may(templates: Any) -> None:
    (emptying,) = templates.of("retrieval", "Custom::EmptyVectorBucket")

    assert emptying["Properties"]["VectorBucketArn"]["Fn::GetAtt"][1] == "VectorBucketArn"
    assert any("DeleteIndexesPolicy" in name for name in emptying["DependsOn"])
    assert any("RoleDefaultPolicy" in name for name in emptying["DependsOn"])


def test_another_bucket_is_migrated_anew(templates: Any) -> None:
    (migration,) = templates.of("retrieval", "Custom::VectorStoreMigration")

    assert migration["Properties"]["Store"]["Fn::GetAtt"][1] == "VectorBucketArn"
