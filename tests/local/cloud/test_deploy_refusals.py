"""Templates that cannot work are refused before anything is made."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local import cloud
from support.cloudformation import create, status, text
from support.templates import parameter, template

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ({"Type": "AWS::SQS::Queue", "Properties": {"Visibility": 3}},
         r"Wrong/It \(AWS::SQS::Queue\): property Visibility is no property"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "soon"}},
         'property DelaySeconds expected integer, got "soon"'),
        ({"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b"}}, "property PolicyDocument is required"),
        ({"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "On"}}},
         'VersioningConfiguration.Status "On" is none of'),
        ({"Type": "AWS::Nothing::Such"}, "knows no such resource type"),
        ({"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}}, "nested stacks are not emulated"),
        (parameter({"Fn::ImportValue": "x"}), "No export named x found"),
        (parameter({"Ref": "Nobody"}), r"Wrong/It \(AWS::SSM::Parameter\): there is no Nobody in this template"),
        (parameter("x", DependsOn="Nobody"), "there is no Nobody in this template"),
        ({"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Arn": "a"}]}},
         r"property Targets\[0\].Id is required"),
        ({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "MaxSessionDuration": "60"}},
         "property MaxSessionDuration 60.0 is less than the minimum of 3600"),
        ({"Type": "AWS::Lambda::Permission", "Properties": {"Action": "invoke me", "FunctionName": "f",
          "Principal": "sns.amazonaws.com"}}, 'property Action "invoke me" does not match'),
        (parameter("x", DependsOn="It2"), "circular dependency"),
        (parameter("x", Bogus=1), r"Wrong: Resources\.It\.Bogus is no property"),
        (parameter("x", DependsOn=["It"]), "Wrong/It: it depends on itself"),
        (parameter("x", DependsOn="It"), "Wrong/It: it depends on itself"),
        (parameter("x", Condition="Nope"), "Wrong/It: there is no condition Nope"),
        (parameter("x", CreationPolicy={"ResourceSignal": {"Count": 1}}),
         "Wrong/It: CreationPolicy.ResourceSignal is not emulated"),
        ({"Type": 5}, r"Wrong/It \(5\): CloudFormation knows no such resource type"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_work_is_refused_before_anything_is_made(
    local_cloud: Any, resource: Any, error: str
) -> None:
    body = template(First=parameter("x"), It=resource, It2=parameter("y", DependsOn="It"))
    with pytest.raises(cloud.LocalCloudError, match=error):
        local_cloud.deploy(Wrong=body)
    assert not (local_cloud.state / "stacks" / "Wrong.json").exists()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"Bogus": 1}, r"Wrong: Invalid template property or properties \[Bogus\]"),
        ({"AWSTemplateFormatVersion": "2012-01-01"}, r"\[2012-01-01\] is not a supported value"),
        ({"Resources": {"A-b": parameter("x")}}, r"Wrong: Resources\.A-b does not match"),
        ({"Outputs": {"Out": {"Value": "x", "Condition": "Nope"}}}, "output Out: there is no condition Nope"),
    ],
)
def test_a_template_with_wrong_sections_is_refused(local_cloud: Any, more: dict[str, Any], error: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html"""
    with pytest.raises(cloud.LocalCloudError, match=error):
        local_cloud.deploy(Wrong=template(First=parameter("x")) | more)


NEVER = {"Never": {"Fn::Equals": ["a", "b"]}}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
        ({"Conditions": {"C": {"Fn::Equals": [{"Ref": "Environmnt"}, "prod"]}}},
         r"Unresolved dependencies \[Environmnt\]. Cannot reference resources in the Conditions block"),
        ({"Conditions": {"C": {"Fn::Equals": ["a"]}}}, r"Conditions\.C\.Fn::Equals expected at least 2 items"),
        ({"Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}}},
         "Conditions: circular dependency"),
        ({"Conditions": {"A": {"Condition": "Nope"}}}, r"Conditions\.A\.Condition: there is no condition Nope"),
        ({"Conditions": {"A": {"Ref": "AWS::Region"}}}, r"Conditions\.A expected an object of one of Fn::And"),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
        ({"Outputs": {"Out": {"Description": "x"}}}, r"Outputs\.Out\.Value is required"),
        ({"Outputs": {"O-1": {"Value": "x"}}}, r"Outputs\.O-1 does not match"),
        ({"Outputs": {"Out": {"Value": ["x"]}}}, "output Out: The Value field of every Outputs member must evaluate"),
        ({"Outputs": {"Out": {"Value": {"Fn::GetAZs": ""}}}}, "output Out: The Value field of every Outputs member"),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
        ({"Resources": {"A": parameter("x", DeletionPolicy="Keep")}}, "Wrong/A: DeletionPolicy Keep is none of Delete"),
        ({"Resources": {"A": parameter("x", DeletionPolicy="Snapshot")}}, "no snapshots of AWS::SSM::Parameter"),
        ({"Resources": {"A": parameter("x", UpdateReplacePolicy="Keep")}}, "UpdateReplacePolicy Keep is none of"),
        ({"Resources": {"A": parameter("x", Condition=["x"])}}, r"Resources\.A\.Condition expected string, got"),
        ({"Resources": {"A": parameter("x", Condition="Never"), "B": parameter({"Ref": "A"})}, "Conditions": NEVER},
         r"Wrong/B \(AWS::SSM::Parameter\): A is not made: its condition is false"),
        ({"Resources": {"A": {"Type": "AWS::CloudFormation::WaitCondition"}}}, "nothing here waits for signals"),
    ],
)  # fmt: skip
def test_conditions_outputs_and_attributes_that_cloudformation_refuses(
    local_cloud: Any, more: dict[str, Any], error: str
) -> None:
    with pytest.raises(cloud.LocalCloudError, match=error):
        local_cloud.deploy(Wrong=template(First=parameter("x")) | more)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"Fn::If": ["Nope", "a", "b"]}, r"Value\.Fn::If: there is no condition Nope"),
        ({"Fn::FindInMap": ["M", "k"]}, r"Value\.Fn::FindInMap expected at least 3 items"),
        ({"Fn::Join": ["-"]}, r"Value\.Fn::Join expected at least 2 items"),
        ({"Fn::Join": ["-", {"Ref": "AWS::Region"}]}, "Fn::Join cannot take .*: expected a list, got"),
        ({"Fn::Join": ["-", {"Fn::Cidr": ["10.0.0.0/24", 300, 8]}]}, r"Fn::Cidr\[1\] 300.* is greater than"),
        ({"Fn::Join": ["-", {"Fn::Cidr": ["10.0.0.0/24", 2, 8]}]}, "10.0.0.0/24 has 1 blocks of 8 bits, not 2"),
        ({"Fn::Select": [5, ["a"]]}, "Fn::Select: index 5 of a list of 1"),
        ({"Fn::Base64": {"x": 1}}, r"Value\.Fn::Base64 expected string"),
        ({"Fn::Nope": "x"}, r"Value\.Fn::Nope is no intrinsic function"),
        ({"Ref": "AWS::Region", "Fn::Sub": "x"}, "stands beside other members"),
        ({"Ref": "AWS::Regoin"}, "there is no AWS::Regoin in this template"),
        ({"Fn::Sub": ["${X}", {"X": {"Ref": "Zed"}}]}, "there is no Zed in this template"),
    ],
)
def test_functions_with_wrong_arguments_are_validation_errors_that_name_the_place(
    cloudformation: Any, value: Any, error: str
) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html"""
    body = template(First=parameter("x"), It=parameter(value))
    with pytest.raises(ClientError, match=f"(?s)ValidationError.*It.*{error}"):
        cloudformation.create_stack(StackName="Wrong", TemplateBody=json.dumps(body))


def test_a_wait_condition_handle_can_stand_alone(cloudformation: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-waitconditionhandle.html"""
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    stack = create(cloudformation, "Handle", text({"Url": {"Value": {"Ref": "Handle"}}}, Handle=handle))
    assert stack["Outputs"][0]["OutputValue"]


def test_an_output_that_fails_rolls_back_and_the_events_say_why(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events-by-operation.html"""
    nowhere = {"Value": {"Fn::Select": [3, {"Fn::Split": ["-", {"Ref": "It"}]}]}}
    cloudformation.create_stack(StackName="Output", TemplateBody=text({"Out": nowhere}, It=parameter("x")))
    local_cloud.eventually(lambda: status(cloudformation, "Output") == "ROLLBACK_COMPLETE")
    events = cloudformation.describe_stack_events(StackName="Output")["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events if "ROLLBACK" in one["ResourceStatus"]]
    assert any("output Out: Fn::Select: index 3 of a list of" in reason for reason in reasons)


def test_an_instance_without_a_cluster_is_refused_by_name(local_cloud: Any) -> None:
    """No server would answer at https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Endpoint.html"""
    properties = {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"}
    given = {**properties, "MasterUsername": "owner", "MasterUserPassword": "Passw0rd-of-tests"}
    template = {"Resources": {"Alone": {"Type": "AWS::RDS::DBInstance", "Properties": given}}}
    with pytest.raises(cloud.LocalCloudError, match="an instance without a cluster is not emulated"):
        local_cloud.deploy(Alone=template)


def test_networks_are_recorded_not_live(local_cloud: Any) -> None:
    """What CloudFormation calls https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html"""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}}
    status = local_cloud.deploy(Net={"Resources": {"Vpc": vpc}})
    assert "AWS::EC2::VPC Net/Vpc" in status.resources["recorded"]
    assert "AWS::EC2::VPC Net/Vpc" not in status.resources["live"]
    local_cloud.remove("Net")
