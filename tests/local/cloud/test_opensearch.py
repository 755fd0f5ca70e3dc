"""OpenSearch Serverless through CloudFormation, and after a restart.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_OpenSearchServerless.html
"""

import json
from typing import Any

import boto3
import pytest

from slipway_local import cloud
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.stores.contract import StoreUnavailable
from slipway_runtime.retrieve.stores.opensearch import client, index
from slipway_runtime.retrieve.stores.opensearch.client import Collection

pytestmark = pytest.mark.capability("R2")
RULE = {"ResourceType": "collection", "Resource": ["collection/notes"]}


def template(permission: str) -> dict[str, Any]:
    rule = {"ResourceType": "index", "Resource": ["index/notes/*"], "Permission": [permission]}
    access = json.dumps([{"Rules": [rule], "Principal": ["ROLE"]}])
    kind = "AWS::OpenSearchServerless"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    policy = {"Name": "notes", "Policy": {"Fn::Join": ["", [access.split("ROLE")[0], {"Fn::GetAtt": ["Role", "Arn"]},
              access.split("ROLE")[1]]]}}  # fmt: skip
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
            },
            "Encryption": {
                "Type": f"{kind}::SecurityPolicy",
                "Properties": {
                    "Name": "notes", "Type": "encryption", "Policy": json.dumps({"Rules": [RULE], "AWSOwnedKey": True})
                },
            },
            "Group": {
                "Type": f"{kind}::CollectionGroup",
                "Properties": {"Name": "notes", "StandbyReplicas": "ENABLED", "Generation": "NEXTGEN"},
            },
            "Notes": {
                "Type": f"{kind}::Collection",
                "DependsOn": ["Encryption", "Group"],
                "Properties": {"Name": "notes", "Type": "VECTORSEARCH", "CollectionGroupName": "notes"},
            },
            "Access": {"Type": f"{kind}::AccessPolicy", "Properties": {**policy, "Type": "data"}},
        },
        "Outputs": {
            "Endpoint": {"Value": {"Fn::GetAtt": ["Notes", "CollectionEndpoint"]}},
            "Arn": {"Value": {"Fn::GetAtt": ["Notes", "Arn"]}},
            "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    }  # fmt: skip


def test_a_stack_with_a_collection_lives_changes_restarts_and_goes(
    local_cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = local_cloud.deploy(notes=template("aoss:DescribeIndex"))
    outputs = local_cloud.outputs(status, "notes")
    assert outputs["Arn"].startswith("arn:aws:aoss:us-east-1:123456789012:collection/")
    _be(local_cloud, monkeypatch, outputs["Role"])
    collection = Collection(
        endpoint=outputs["Endpoint"], region="us-east-1", backoff=Backoff(base_seconds=0.01, max_attempts=2)
    )
    with pytest.raises(StoreUnavailable, match="403"):
        collection.ask("PUT", index.NAME, index.body(2, index.Hnsw()), deadline=Deadline.after(5))

    local_cloud.deploy(notes=template("aoss:*"))
    collection.ask("PUT", index.NAME, index.body(2, index.Hnsw()), deadline=Deadline.after(5))
    collection.bulk(
        f"{index.NAME}/_bulk", b'{"index":{}}\n{"tenant":"acme","embedding":[1,0]}\n', deadline=Deadline.after(5)
    )

    cloud.down(local_cloud.state)
    local_cloud.deploy(notes=template("aoss:*"))
    assert collection.ask("POST", f"{index.NAME}/_count", {}, deadline=Deadline.after(5))["count"] == 1

    local_cloud.remove("notes")
    left = local_cloud.place.client("opensearchserverless").batch_get_collection(names=["notes"])
    assert left["collectionDetails"] == []
    client.session.cache_clear()


def _be(local_cloud: Any, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """Sign as this role from here on."""
    make: Any = boto3.client
    sts = make(
        "sts", endpoint_url=local_cloud.place.endpoint_url, region_name="us-east-1", aws_access_key_id="local",
        aws_secret_access_key="local",
    )  # fmt: skip
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    for name, key in (("ACCESS_KEY_ID", "AccessKeyId"), ("SECRET_ACCESS_KEY", "SecretAccessKey")):
        monkeypatch.setenv(f"AWS_{name}", keys[key])
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
    client.session.cache_clear()
