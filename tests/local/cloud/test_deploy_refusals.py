"""Templates that cannot work are refused before anything is made."""

from typing import Any

import pytest

from slipway_local import cloud
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
        (parameter("x", Bogus=1), "Wrong/It: Invalid template resource property 'Bogus'"),
        (parameter("x", DependsOn=["It"]), "Wrong/It: it depends on itself"),
        (parameter("x", DependsOn="It"), "Wrong/It: it depends on itself"),
        (parameter("x", Condition="Nope"), "Wrong/It: there is no condition Nope"),
        (parameter("x", CreationPolicy={"ResourceSignal": {"Count": 1}}),
         "Wrong/It: CreationPolicy.ResourceSignal is not emulated"),
        ({"Type": 5}, "Wrong/It: a resource is an object with a Type"),
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
        ({"Resources": {"A-b": parameter("x")}}, "Wrong/A-b: the logical id is not alphanumeric"),
        ({"Outputs": {"Out": {"Value": "x", "Condition": "Nope"}}}, "output Out: there is no condition Nope"),
    ],
)
def test_a_template_with_wrong_sections_is_refused(local_cloud: Any, more: dict[str, Any], error: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html"""
    with pytest.raises(cloud.LocalCloudError, match=error):
        local_cloud.deploy(Wrong=template(First=parameter("x")) | more)
