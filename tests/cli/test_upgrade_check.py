"""What an update does to each resource, against "Update requires" in the CloudFormation template reference:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slipway_cli.main import app
from slipway_cli.templates import StackTemplate
from slipway_cli.upgrades.changes import changes
from slipway_cli.upgrades.classify import Effect
from slipway_cli.upgrades.verdict import judge
from stacks.settings_acknowledged import AcknowledgedChange

# Type, the properties before, those after: each of these has "Update requires: Replacement".
REPLACEMENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": "b"}),
    ("AWS::DynamoDB::Table", {"TableName": "a"}, {"TableName": "b"}),
    ("AWS::RDS::DBCluster", {"DatabaseName": "a"}, {"DatabaseName": "b"}),
    ("AWS::RDS::DBInstance", {"DBInstanceIdentifier": "a"}, {"DBInstanceIdentifier": "b"}),
    ("AWS::SecretsManager::Secret", {"Name": "a"}, {"Name": "b"}),
    ("AWS::Kendra::Index", {"Edition": "DEVELOPER_EDITION"}, {"Edition": "ENTERPRISE_EDITION"}),
    ("AWS::OpenSearchServerless::Collection", {"Type": "SEARCH"}, {"Type": "VECTORSEARCH"}),
    ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "b"}),
    ("AWS::S3Vectors::VectorBucket", {"VectorBucketName": "a"}, {"VectorBucketName": "b"}),
    ("AWS::S3Vectors::Index", {"Dimension": 384}, {"Dimension": 1024}),
    ("AWS::EFS::FileSystem", {"Encrypted": False}, {"Encrypted": True}),
    ("AWS::Kinesis::Stream", {"Name": "a"}, {"Name": "b"}),
    ("AWS::ECR::Repository", {"RepositoryName": "a"}, {"RepositoryName": "b"}),
    ("AWS::Logs::LogGroup", {"LogGroupName": "a"}, {"LogGroupName": "b"}),
    ("AWS::Lambda::Function", {"FunctionName": "a"}, {"FunctionName": "b"}),
    ("AWS::StepFunctions::StateMachine", {"StateMachineType": "STANDARD"}, {"StateMachineType": "EXPRESS"}),
    ("AWS::EC2::Subnet", {"CidrBlock": "10.0.0.0/24"}, {"CidrBlock": "10.0.1.0/24"}),
    ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.1.0.0/16"}),
    ("AWS::IAM::Role", {"RoleName": "a"}, {"RoleName": "b"}),
    ("AWS::SNS::Topic", {"TopicName": "a"}, {"TopicName": "b"}),
    ("AWS::SSM::Parameter", {"Name": "a"}, {"Name": "b"}),
    ("AWS::WAFv2::WebACL", {"Scope": "REGIONAL"}, {"Scope": "CLOUDFRONT"}),
    ("AWS::Glue::Database", {"DatabaseName": "a"}, {"DatabaseName": "b"}),
]
HARMLESS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("AWS::S3::Bucket", {"BucketName": "a"}, {"BucketName": "a", "VersioningConfiguration": {"Status": "Enabled"}}),
    ("AWS::DynamoDB::Table", {"DeletionProtectionEnabled": False}, {"DeletionProtectionEnabled": True}),
    ("AWS::RDS::DBCluster", {"BackupRetentionPeriod": 1}, {"BackupRetentionPeriod": 35}),
    ("AWS::Lambda::Function", {"MemorySize": 256}, {"MemorySize": 512}),
    ("AWS::SQS::Queue", {"VisibilityTimeout": 30}, {"VisibilityTimeout": 60}),
    ("AWS::KMS::Key", {"EnableKeyRotation": False}, {"EnableKeyRotation": True}),
]


def stack(resources: dict[str, Any]) -> StackTemplate:
    return StackTemplate(name="slipway-dev-foundation", region="us-east-1", resources=resources)


def compare(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {change.resource: change for change in changes([stack(old)], [stack(new)])}


@pytest.mark.capability("O13")
@pytest.mark.parametrize(("kind", "old", "new"), REPLACEMENTS, ids=[kind for kind, *_ in REPLACEMENTS])
def test_a_planted_replacement_is_found(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare({"It": {"Type": kind, "Properties": old}}, {"It": {"Type": kind, "Properties": new}})
    assert found["It"].effect is Effect.REPLACEMENT
    assert found["It"].because == tuple(old)


@pytest.mark.capability("O13")
@pytest.mark.parametrize(("kind", "old", "new"), HARMLESS, ids=[kind for kind, *_ in HARMLESS])
def test_a_harmless_change_passes(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare({"It": {"Type": kind, "Properties": old}}, {"It": {"Type": kind, "Properties": new}})
    assert found["It"].effect is Effect.NO_INTERRUPTION
    assert judge(list(found.values()), {}).failing == []


def test_the_order_of_what_has_no_order_is_no_change() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    old = {"It": {"Type": "AWS::OpenSearchServerless::Collection", "Properties": {"Tags": tags}}}
    new = {"It": {"Type": "AWS::OpenSearchServerless::Collection", "Properties": {"Tags": tags[::-1]}}}
    assert compare(old, new) == {}


def test_some_interruption_and_possible_replacement_are_told() -> None:
    """AWS::RDS::DBCluster: EngineVersion needs some interruptions, MasterUsername may replace."""
    kind = "AWS::RDS::DBCluster"
    old = {"It": {"Type": kind, "Properties": {"EngineVersion": "17.4", "MasterUsername": "a"}}}
    new = {"It": {"Type": kind, "Properties": {"EngineVersion": "17.7", "MasterUsername": "a"}}}
    other = {"It": {"Type": kind, "Properties": {"EngineVersion": "17.4", "MasterUsername": "b"}}}
    assert compare(old, new)["It"].effect is Effect.SOME_INTERRUPTION
    assert compare(old, other)["It"].effect is Effect.POSSIBLE_REPLACEMENT


def test_what_names_a_replaced_resource_is_replaced_with_it() -> None:
    def network(cidr: str) -> dict[str, Any]:
        return {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
        }

    found = compare(network("10.0.0.0/16"), network("10.0.0.0/20"))
    assert found["Subnet"].effect is Effect.REPLACEMENT
    assert found["Subnet"].because == ("names Vpc, which is replaced",)


@pytest.mark.capability("O13")
def test_deletion_and_another_logical_id_fail_unless_acknowledged_with_that_very_effect() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}}
    found = list(compare({"Old": table, "Gone": {"Type": "AWS::S3::Bucket"}}, {"New": table}).values())
    assert {change.resource: change.effect for change in found} == {"Old": Effect.RENAMED, "Gone": Effect.DELETION}
    entry = {"reason": "The table was empty.", "date": "2026-11-21"}
    right = AcknowledgedChange(resource="foundation/Old", effect="logical id change", **entry)  # type: ignore[arg-type]
    stale = AcknowledgedChange(resource="foundation/Gone", effect="replacement", **entry)  # type: ignore[arg-type]
    verdict = judge(found, {"dev": [right, stale]})
    assert [change.resource for change in verdict.failing] == ["Gone"]
    assert [change.resource for change, _ in verdict.acknowledged] == ["Old"]
    assert verdict.stale == [("dev", stale)]


def assembly(folder: Path, resources: dict[str, Any]) -> Path:
    folder.mkdir()
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "t.json", "stackName": "slipway-dev-foundation"},
    }
    (folder / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": {"T": artifact}}))
    (folder / "t.json").write_text(json.dumps({"Resources": resources}))
    return folder


@pytest.mark.capability("O13")
def test_the_command_fails_names_the_remedy_and_writes_json_and_markdown(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete"}
    old, new = (str(assembly(tmp_path / name, made)) for name, made in (("old", {"Raw": bucket}), ("new", {})))
    run = CliRunner().invoke
    failed = run(app, ["upgrade-check", old, new])
    assert failed.exit_code == 1
    assert "config/dev.yaml under acknowledged_changes: {resource: foundation/Raw, effect: deletion" in failed.stdout
    document = json.loads(run(app, ["upgrade-check", old, new, "--json"]).stdout)
    assert (document["ok"], document["failing"][0]["name"]) == (False, "foundation/Raw")
    assert (
        "| slipway-dev-foundation | `Raw` | AWS::S3::Bucket | deletion |"
        in run(app, ["upgrade-check", old, new, "--format", "markdown"]).stdout
    )
    same = run(app, ["upgrade-check", old, old])
    assert (same.exit_code, same.stdout) == (0, "nothing changes\n")
