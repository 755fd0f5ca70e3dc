"""The deployment engine against the running local cloud, with hand-written templates.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import json
from typing import Any

import pytest

from slipway_local import cloud
from support.templates import parameter, template

pytestmark = pytest.mark.capability("O14")


def test_resources_are_made_in_order_of_references_and_depends_on(local_cloud: Any) -> None:
    body = template(
        A=parameter({"Fn::GetAtt": ["B", "Arn"]}),
        B={"Type": "AWS::SQS::Queue", "DependsOn": "C"},
        C=parameter("first", DependsOn=["D"]),
        D={"Type": "AWS::SNS::Topic"},
    )
    body["Outputs"] = {"Name": {"Value": {"Ref": "A"}}}
    status = local_cloud.deploy(Ordered=body)
    made = [line.split("/")[1] for line in status.resources["live"] if " Ordered/" in line]
    assert made == ["D", "C", "B", "A"]
    value = local_cloud.place.client("ssm").get_parameter(Name=local_cloud.outputs(status, "Ordered")["Name"])
    assert value["Parameter"]["Value"].startswith("arn:aws:sqs:us-east-1:123456789012:Ordered-B-")


def intrinsics() -> dict[str, Any]:
    """Return a template that uses each function once; its parameter Given is in SSM as /given."""
    body = template(Secret={"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": '{"user": "ada"}'}})
    body |= {
        "Parameters": {
            "Given": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/given"},
            "Plain": {"Type": "String", "Default": "a,b"},
        },
        "Mappings": {"Sizes": {"dev": {"size": "small"}}},
        "Conditions": {
            "IsA": {"Fn::Equals": [{"Ref": "Plain"}, "a,b"]},
            "Both": {"Fn::And": [{"Condition": "IsA"}, {"Fn::Not": [{"Condition": "Never"}]}]},
            "Never": {"Fn::Or": [{"Fn::Equals": ["1", "2"]}, {"Fn::Equals": ["3", "4"]}]},
        },
        "Outputs": {
            "Sub": {"Value": {"Fn::Sub": ["${AWS::Region}:${Given}:${!Kept}:${X}", {"X": {"Ref": "Plain"}}]}},
            "Join": {"Value": {"Fn::Join": ["-", ["x", {"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Plain"}]}]}]]}},
            "If": {"Value": {"Fn::If": ["Both", "yes", "no"]}},
            "Map": {"Value": {"Fn::FindInMap": ["Sizes", "dev", "size"]}},
            "Base64": {"Value": {"Fn::Base64": "hé"}},
            "Zones": {"Value": {"Fn::Select": [0, {"Fn::GetAZs": ""}]}},
            "Account": {"Value": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        },
    }
    body["Resources"]["Dropped"] = parameter("x", Condition="Never")
    body["Resources"]["Dynamic"] = parameter(
        {
            "Fn::Join": [
                "",
                ["{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:user::}}/{{resolve:ssm:/given}}"],
            ]
        }
    )
    body["Resources"]["Empty"] = parameter("y")
    body["Resources"]["Empty"]["Properties"]["Description"] = {"Ref": "AWS::NoValue"}
    body["Outputs"]["Dynamic"] = {"Value": {"Ref": "Dynamic"}}
    return body


def test_intrinsic_functions_conditions_and_dynamic_references(local_cloud: Any) -> None:
    local_cloud.place.client("ssm").put_parameter(Name="/given", Value="from-ssm", Type="String", Overwrite=True)
    status = local_cloud.deploy(Intrinsics=intrinsics())
    outputs = local_cloud.outputs(status, "Intrinsics")
    dynamic = local_cloud.place.client("ssm").get_parameter(Name=outputs.pop("Dynamic"))["Parameter"]["Value"]
    assert dynamic == "ada/from-ssm"
    assert outputs == {
        "Sub": "us-east-1:from-ssm:${Kept}:a,b",
        "Join": "x-b",
        "If": "yes",
        "Map": "small",
        "Base64": "aMOp",
        "Zones": "us-east-1a",
        "Account": "arn:aws:iam::123456789012:root",
    }
    assert not any("Intrinsics/Dropped" in line for line in status.resources["live"])
    stored = (local_cloud.state / "stacks" / "Intrinsics.json").read_text()
    assert "ada/from-ssm" not in stored  # the state file keeps the reference, not the secret


def test_an_update_in_place_keeps_the_resource(local_cloud: Any) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}
    body = template(Queue=queue) | {"Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
    url = local_cloud.outputs(local_cloud.deploy(InPlace=body), "InPlace")["Url"]
    local_cloud.place.client("sqs").send_message(QueueUrl=url, MessageBody="stays")
    queue["Properties"]["VisibilityTimeout"] = 60
    assert local_cloud.outputs(local_cloud.deploy(InPlace=body), "InPlace")["Url"] == url
    attributes = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    assert (attributes["VisibilityTimeout"], attributes["ApproximateNumberOfMessages"]) == ("60", "1")


def test_a_create_only_property_replaces_and_what_vanished_is_deleted(local_cloud: Any) -> None:
    body = template(
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "named-one"}},
        User=parameter({"Fn::GetAtt": ["Queue", "Arn"]}),
        Gone=parameter("x"),
    )
    body["Outputs"] = {"User": {"Value": {"Ref": "User"}}, "Gone": {"Value": {"Ref": "Gone"}}}
    before = local_cloud.outputs(local_cloud.deploy(Replaced=body), "Replaced")
    body["Resources"]["Queue"]["Properties"]["QueueName"] = "named-two"
    del body["Resources"]["Gone"], body["Outputs"]["Gone"]
    after = local_cloud.outputs(local_cloud.deploy(Replaced=body), "Replaced")
    ssm, sqs = local_cloud.place.client("ssm"), local_cloud.place.client("sqs")
    assert ssm.get_parameter(Name=after["User"])["Parameter"]["Value"].endswith(":named-two")
    assert after["User"] == before["User"]
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="named-one")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=before["Gone"])


def test_a_failed_creation_leaves_nothing_behind(local_cloud: Any) -> None:
    body = template(
        Made={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "half-made"}},
        Bad={"Type": "AWS::Lambda::Permission", "DependsOn": "Made", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": "nobody", "Principal": "sns.amazonaws.com"}},
    )  # fmt: skip
    with pytest.raises(cloud.LocalCloudError, match=r"Failing/Bad \(AWS::Lambda::Permission\): .*nobody"):
        local_cloud.deploy(Failing=body)
    sqs = local_cloud.place.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="half-made")
    status = cloud.status(local_cloud.state)
    assert "Failing" not in status.stacks
    assert status.state == "failed"
    assert local_cloud.deploy().state == "running"


def test_a_failed_update_restores_what_was(local_cloud: Any) -> None:
    good = template(Value=parameter("old")) | {"Outputs": {"Name": {"Value": {"Ref": "Value"}}}}
    name = local_cloud.outputs(local_cloud.deploy(Restored=good), "Restored")["Name"]
    bad = template(
        Value=parameter("new"),
        Extra={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "extra-queue"}},
        Bad=parameter("{{resolve:ssm:/does/not/exist}}", DependsOn=["Value", "Extra"]),
    )
    with pytest.raises(cloud.LocalCloudError, match="Restored/Bad"):
        local_cloud.deploy(Restored=bad)
    ssm, sqs = local_cloud.place.client("ssm"), local_cloud.place.client("sqs")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "old"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="extra-queue")
    assert local_cloud.outputs(local_cloud.deploy(Restored=good), "Restored")["Name"] == name


def test_an_unchanged_stack_is_not_touched(local_cloud: Any) -> None:
    body = template(Value=parameter("same"), Queue={"Type": "AWS::SQS::Queue"})
    local_cloud.deploy(Unchanged=body)
    state_file = local_cloud.state / "stacks" / "Unchanged.json"
    before = state_file.stat().st_mtime_ns
    steps: list[tuple[str, str, str]] = []
    cloud.up(local_cloud.folder, local_cloud.state, environment="test", progress=lambda *step: steps.append(step))
    assert state_file.stat().st_mtime_ns == before
    assert {what for _, _, what in steps} == {"deploying"}


def test_types_without_a_service_are_recorded_and_can_be_referred_to(local_cloud: Any) -> None:
    body = template(
        Acl={"Type": "AWS::WAFv2::WebACL", "Properties": {
            "DefaultAction": {"Allow": {}}, "Scope": "REGIONAL",
            "VisibilityConfig": {"CloudWatchMetricsEnabled": True, "MetricName": "m", "SampledRequestsEnabled": True}}},
        Group={"Type": "AWS::Logs::LogGroup"},
        Filter={"Type": "AWS::Logs::MetricFilter", "Properties": {
            "LogGroupName": {"Ref": "Group"}, "FilterPattern": "ERROR", "MetricTransformations": [
                {"MetricName": "Errors", "MetricNamespace": "n", "MetricValue": "1"}]}},
    )  # fmt: skip
    body["Outputs"] = {"Arn": {"Value": {"Fn::GetAtt": ["Acl", "Arn"]}}}
    status = local_cloud.deploy(Recorded=body)
    # A metric filter extracts nothing from the log here, so it is not shown as if it were at work.
    recorded = {"AWS::WAFv2::WebACL Recorded/Acl", "AWS::Logs::MetricFilter Recorded/Filter"}
    assert recorded <= set(status.resources["recorded"])
    assert local_cloud.outputs(status, "Recorded")["Arn"].startswith("arn:aws:wafv2:us-east-1:123456789012:webacl/")


def test_assets_are_uploaded_once_and_zips_do_not_change_with_time(local_cloud: Any, tmp_path: Any) -> None:
    from slipway_local.deploy.assembly import read_assembly, upload_assets, zip_folder

    source = tmp_path / "asset.abc"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "b.py").write_text("b")
    (source / "a.py").write_text("a")
    first = zip_folder(source)
    (source / "a.py").touch()
    assert zip_folder(source) == first
    files = {"abc": {"source": {"path": "asset.abc", "packaging": "zip"}, "destinations": {
        "here": {"bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "abc.zip"}}}
    }  # fmt: skip
    (tmp_path / "S.assets.json").write_text(json.dumps({"files": files}))
    (tmp_path / "S.template.json").write_text("{}")
    artifacts = {
        "S.assets": {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}},
        "S": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "S.template.json"},
            "dependencies": ["S.assets"],
        },
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    stack = read_assembly(tmp_path)[0]
    steps: list[str] = []
    upload_assets(stack, local_cloud.place, steps.append)
    upload_assets(stack, local_cloud.place, steps.append)
    assert steps == ["uploading asset.abc"]
    s3 = local_cloud.place.client("s3")
    body = s3.get_object(Bucket="cdk-hnb659fds-assets-123456789012-us-east-1", Key="abc.zip")["Body"].read()
    assert body == first
