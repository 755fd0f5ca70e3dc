"""What the templates of an environment with a knowledge base hold.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-setup.html
"""

import json
from collections.abc import Callable
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

from slipway_runtime.retrieve.knowledge_base.documents import PREFIX
from slipway_runtime.retrieve.stores.aurora import schema
from stacks import knowledge
from stacks.settings_file import SettingsError, read_settings

pytestmark = pytest.mark.capability("R5")
PRIVATE = "network: {mode: create}\nencryption: {customer_managed_key: true}\n"


def lint(templates: Any) -> None:
    options = cfnlint.config.ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=["W3005"])
    for part in ("network", "knowledge"):
        found = cfnlint.api.lint(json.dumps(templates[part], indent=1), get_rules([], ["W3005"], []), config=options)
        assert [str(match) for match in found] == [], part


def test_over_aurora_it_is_the_table_that_the_migration_makes(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(PRIVATE + "retrieval: {knowledge_base: {enabled: true}}")

    lint(templates)
    storage = templates.one("knowledge", "AWS::Bedrock::KnowledgeBase")["StorageConfiguration"]
    assert storage["Type"] == "RDS"
    table, fields = storage["RdsConfiguration"]["TableName"], storage["RdsConfiguration"]["FieldMapping"]
    made = " ".join(schema.knowledge_base(1024))
    assert f"CREATE TABLE IF NOT EXISTS {table} " in made
    assert all(f"{column} " in made for column in fields.values())
    assert templates.of("retrieval", "Custom::VectorStoreMigration")[0]["Properties"]["KnowledgeBase"] == "true"
    assert {"rds-data:ExecuteStatement", "rds-data:BatchExecuteStatement", "rds:DescribeDBClusters"} <= (
        templates.allowed("knowledge", "KnowledgeRole")
    )
    endpoints = json.dumps(templates.of("network", "AWS::EC2::VPCEndpoint"))
    assert ".bedrock-agent" in endpoints
    assert "bedrock:StartIngestionJob" in endpoints
    assert "bedrock:Retrieve" in endpoints


def test_over_s3_vectors_it_is_an_index_of_its_own(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(PRIVATE + "retrieval: {store: s3_vectors, knowledge_base: {enabled: true}}")

    lint(templates)
    index = templates.one("knowledge", "AWS::S3Vectors::Index")
    kept = index["MetadataConfiguration"]["NonFilterableMetadataKeys"]
    assert kept == ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
    assert index["Dimension"] == 1024
    base = templates.of("knowledge", "AWS::Bedrock::KnowledgeBase")[0]
    assert base["Properties"]["StorageConfiguration"]["Type"] == "S3_VECTORS"
    assert any("Index" in name for name in base["DependsOn"])
    assert any("DefaultPolicy" in name for name in base["DependsOn"])


def test_documents_reach_it_through_a_queue_and_everything_is_watched(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise("retrieval: {store: s3_vectors, knowledge_base: {enabled: true}}")

    assert knowledge.PREFIX == PREFIX
    source = templates.one("knowledge", "AWS::Bedrock::DataSource")["DataSourceConfiguration"]["S3Configuration"]
    assert source["InclusionPrefixes"] == [PREFIX]
    pattern = templates.one("knowledge", "AWS::Events::Rule")["EventPattern"]
    assert pattern["detail"]["object"] == {"key": [{"prefix": "curated/"}]}, "never its own copies"
    assert json.dumps(templates["foundation"]).count('"EventBridgeEnabled": true') == 2
    mapping = templates.one("knowledge", "AWS::Lambda::EventSourceMapping")
    assert (mapping["MaximumBatchingWindowInSeconds"], mapping["ScalingConfig"]) == (300, {"MaximumConcurrency": 2})
    assert templates.allowed("knowledge", "Sync") >= {
        *("bedrock:ListIngestionJobs", "bedrock:StartIngestionJob"),
        *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
    }
    assert "bedrock:Retrieve" in templates.allowed("gateway", "Search")
    assert "bedrock:Retrieve" not in templates.allowed("gateway", "Chat")
    assert "KNOWLEDGE_BASE_ID" in templates.function("gateway", "search")["Environment"]["Variables"]
    alarms = json.dumps(templates.of("observability", "AWS::CloudWatch::Alarm"))
    assert all(name in alarms for name in ("KnowledgeChanges", "KnowledgeSync", "CuratedEvents"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{store: opensearch, knowledge_base: {enabled: true}}", "made over aurora or s3_vectors"),
        ("{embedding: {model_id: global.cohere.embed-v4:0}, knowledge_base: {enabled: true}}", "nor a profile"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(tmp_path: Any, settings: str, message: str) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(f"retrieval: {settings}\n")
    with pytest.raises(SettingsError, match=message):
        read_settings(file)


def test_off_it_makes_nothing(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise("removal: destroy")

    assert "knowledge" not in templates
    assert json.dumps(templates["foundation"]).count('"EventBridgeEnabled": true') == 1
