"""`slipway hold` against a bucket with Object Lock, which the template has, as in AWS.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from slipway_cli import hold
from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from slipway_local import cloud

VERSIONED = {"VersioningConfiguration": {"Status": "Enabled"}}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("tenant", "item")],
    "KeySchema": [{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
}


def parameter(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {
            "Name": f"/slipway/held/foundation/{name.lower()}-name",
            "Type": "String",
            "Value": {"Ref": name.split("-", maxsplit=1)[0]},
        },
    }


def template(**bucket: Any) -> dict[str, Any]:
    return {
        "Resources": {
            "Raw": {"Type": "AWS::S3::Bucket", "Properties": {**VERSIONED, **bucket}},
            "Holds": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
            "RawName": parameter("Raw-bucket"),
            "HoldsName": parameter("Holds-table"),
        },
        "Outputs": {"Bucket": {"Value": {"Ref": "Raw"}}},
    }


@pytest.fixture
def bucket(local_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket that gets Object Lock by an update of its stack, without being replaced."""
    target = Target("held", local_cloud.place.endpoint_url, None, local_cloud.place.administrator)
    monkeypatch.setattr(hold, "find_target", lambda *_, **__: target)
    before = local_cloud.outputs(local_cloud.deploy(held=template()), "held")["Bucket"]
    after = local_cloud.outputs(local_cloud.deploy(held=template(ObjectLockEnabled=True)), "held")["Bucket"]
    assert before == after
    yield after
    local_cloud.remove("held")


def slipway(*arguments: str) -> Any:
    done = CliRunner().invoke(hold.app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.capability("D11")
def test_a_hold_keeps_every_version_until_it_is_released(local_cloud: Any, bucket: str) -> None:
    s3 = local_cloud.place.client("s3")
    versions = [s3.put_object(Bucket=bucket, Key="default/a.md", Body=body)["VersionId"] for body in (b"1", b"2")]
    added = slipway("add", "default/", "--reason", "case 12")
    assert (added["versions"], added["reason"], added["released_at"]) == (2, "case 12", "")
    assert added["placed_by"].startswith("arn:aws:")
    for version in versions:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key="default/a.md", VersionId=version)
    with pytest.raises(cloud.LocalCloudError, match="ObjectLockEnabled"):
        local_cloud.deploy(held=template())
    assert slipway("release", "default/", "--reason", "settled")["versions"] == 2
    [noted] = slipway("list")
    assert (noted["reason"], noted["released_because"]) == ("case 12", "settled")
    for version in versions:
        s3.delete_object(Bucket=bucket, Key="default/a.md", VersionId=version)
    with pytest.raises(CommandError, match="there is no hold on"):
        slipway("release", "default/other/", "--reason", "none")


def test_where_holds_are_off_the_command_says_how_to_switch_them_on(
    local_cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("bare", local_cloud.place.endpoint_url, None, local_cloud.place.administrator)
    monkeypatch.setattr(hold, "find_target", lambda *_, **__: target)
    with pytest.raises(CommandError, match=r"legal_hold: true in config/bare\.yaml"):
        slipway("list")
