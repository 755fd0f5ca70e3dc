"""Updates that replace a resource, that take something away, or that cannot be made: nothing is lost, nothing ignored.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import json
from typing import Any

import pytest

from slipway_local import cloud
from support import cloudformation
from support.templates import parameter, template
from support.updates import MACHINE_BASE, QUEUE, ROLE, TABLE_BASE, document

pytestmark = pytest.mark.capability("O14")
OTHER_KEY = {
    "AttributeDefinitions": [{"AttributeName": "other", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
}


def _one(kind: str, properties: dict[str, Any], **beside: Any) -> dict[str, Any]:
    outputs = {"Ref": {"Value": {"Ref": "One"}}}
    return {**template(**beside, One={"Type": kind, "Properties": properties}), "Outputs": outputs}


def test_a_resource_with_a_name_of_its_own_is_not_replaced(local_cloud: Any) -> None:
    """https://repost.aws/knowledge-center/cloudformation-custom-name has the error's words."""
    named = {**MACHINE_BASE, "StateMachineName": "kept-machine"}
    local_cloud.deploy(Replace=_one("AWS::StepFunctions::StateMachine", named, Role=ROLE))
    other = _one("AWS::StepFunctions::StateMachine", {**named, "StateMachineType": "EXPRESS"}, Role=ROLE)
    with pytest.raises(cloud.LocalCloudError, match="cannot update a stack when a custom-named resource requires"):
        local_cloud.deploy(Replace=other)
    pages = local_cloud.place.client("stepfunctions").get_paginator("list_state_machines").paginate()
    machines = [machine for page in pages for machine in page["stateMachines"]]
    assert [one["type"] for one in machines if one["name"] == "kept-machine"] == ["STANDARD"]
    local_cloud.remove("Replace")


def test_a_subscription_keeps_its_identity_while_its_filter_changes(local_cloud: Any) -> None:
    def body(kind: str) -> dict[str, Any]:
        return _one(
            "AWS::SNS::Subscription",
            {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FilterPolicy": {"kind": [kind]},
            },
            Queue=QUEUE, Topic={"Type": "AWS::SNS::Topic"},
        )  # fmt: skip

    before = local_cloud.outputs(local_cloud.deploy(Replace=body("a")), "Replace")["Ref"]
    after = local_cloud.outputs(local_cloud.deploy(Replace=body("b")), "Replace")["Ref"]
    shown = local_cloud.place.client("sns").get_subscription_attributes(SubscriptionArn=after)["Attributes"]
    assert (before == after, json.loads(shown["FilterPolicy"])) == (True, {"kind": ["b"]})
    local_cloud.remove("Replace")


def test_another_key_schema_makes_another_table_and_a_change_set_says_so(local_cloud: Any) -> None:
    """KeySchema is among the schema's conditionalCreateOnlyProperties."""
    client = local_cloud.place.client("cloudformation")
    first = cloudformation.create(
        client, "Keyed", json.dumps(_one("AWS::DynamoDB::Table", TABLE_BASE))
    )["Outputs"][0]["OutputValue"]  # fmt: skip
    other = json.dumps(_one("AWS::DynamoDB::Table", {**TABLE_BASE, **OTHER_KEY}))
    client.create_change_set(StackName="Keyed", ChangeSetName="other", TemplateBody=other)
    (change,) = client.describe_change_set(StackName="Keyed", ChangeSetName="other")["Changes"]
    assert change["ResourceChange"]["Replacement"] == "True"
    client.update_stack(StackName="Keyed", TemplateBody=other)
    cloudformation.wait(client, "stack_update_complete", "Keyed")
    tables = [name for name in local_cloud.place.client("dynamodb").list_tables()["TableNames"] if "Keyed" in name]
    (table,) = tables
    shown = local_cloud.place.client("dynamodb").describe_table(TableName=table)["Table"]
    assert (table != first, shown["KeySchema"]) == (True, OTHER_KEY["KeySchema"])
    client.delete_stack(StackName="Keyed")
    cloudformation.wait(client, "stack_delete_complete", "Keyed")


def test_what_no_call_reaches_is_refused_by_name_and_the_rest_goes_back(local_cloud: Any) -> None:
    local_cloud.deploy(Replace=_one("AWS::DynamoDB::Table", {**TABLE_BASE, "TableName": "refused"}, Queue=QUEUE))
    wanted = {**TABLE_BASE, "TableName": "refused", "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    longer = {**QUEUE, "Properties": {"VisibilityTimeout": 99}}
    refused = r"TableClass of AWS::DynamoDB::Table cannot be updated by the local cloud"
    with pytest.raises(cloud.LocalCloudError, match=refused):
        local_cloud.deploy(Replace=_one("AWS::DynamoDB::Table", wanted, Queue=longer))
    sqs = local_cloud.place.client("sqs")
    (url,) = sqs.list_queues(QueueNamePrefix="Replace-Queue")["QueueUrls"]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert shown["Attributes"] == {"VisibilityTimeout": "30"}
    with pytest.raises(cloud.LocalCloudError, match="custom-named resource"):
        local_cloud.deploy(Replace=_one("AWS::DynamoDB::Table", {**wanted, **OTHER_KEY}, Queue=QUEUE))
    local_cloud.remove("Replace")


def test_an_index_that_leaves_the_template_leaves_the_table(local_cloud: Any) -> None:
    index = {"IndexName": "ids", "KeySchema": TABLE_BASE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    status = local_cloud.deploy(Replace=_one("AWS::DynamoDB::Table", {**TABLE_BASE, "GlobalSecondaryIndexes": [index]}))
    local_cloud.deploy(Replace=_one("AWS::DynamoDB::Table", TABLE_BASE))
    name = local_cloud.outputs(status, "Replace")["Ref"]
    shown = local_cloud.place.client("dynamodb").describe_table(TableName=name)["Table"]
    assert not shown.get("GlobalSecondaryIndexes")
    local_cloud.remove("Replace")


def test_a_managed_policy_changes_as_often_as_one_likes(local_cloud: Any) -> None:
    """Five versions at most: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    for number in range(7):
        wanted = {"PolicyDocument": document(f"s3:GetObject{number}"), "Roles": [{"Ref": "Role"}]}
        status = local_cloud.deploy(Replace=_one("AWS::IAM::ManagedPolicy", wanted, Role=ROLE))
    iam, arn = local_cloud.place.client("iam"), local_cloud.outputs(status, "Replace")["Ref"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    shown = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert shown["Document"]["Statement"][0]["Action"] == "s3:GetObject6"
    local_cloud.remove("Replace")


def test_an_inline_policy_leaves_no_grant_behind(local_cloud: Any) -> None:
    def names(policy: str | None, *roles: str, **more: Any) -> list[list[str]]:
        body = template(A=ROLE, B=ROLE, **more)
        if policy:
            properties = {
                "PolicyName": policy,
                "PolicyDocument": document("s3:*"),
                "Roles": [{"Ref": r} for r in roles],
            }
            body["Resources"]["One"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
        body["Outputs"] = {key: {"Value": {"Ref": key}} for key in "AB"}
        outputs = local_cloud.outputs(local_cloud.deploy(Replace=body), "Replace")
        iam = local_cloud.place.client("iam")
        return [iam.list_role_policies(RoleName=outputs[key])["PolicyNames"] for key in "AB"]

    assert names("one", "A", "B") == [["one"], ["one"]]
    assert names("one", "B") == [[], ["one"]]
    with pytest.raises(cloud.LocalCloudError, match="nothing-here"):
        names("two", "A", "B", failing=parameter("{{resolve:ssm:/nothing-here}}", DependsOn="One"))
    assert names("one", "B") == [[], ["one"]]
    assert names("two", "A", "B") == [["two"], ["two"]]
    assert names(None) == [[], []]
    local_cloud.remove("Replace")


def test_a_rule_of_a_bus_names_the_bus_and_leaves_it(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html"""
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "own"}}
    target = {"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    rule = {"Name": "r", "EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["a"]}, "Targets": [target]}
    body = _one("AWS::Events::Rule", rule, Bus=bus, Queue=QUEUE)
    body["Outputs"]["Arn"] = {"Value": {"Fn::GetAtt": ["One", "Arn"]}}
    outputs = local_cloud.outputs(local_cloud.deploy(Replace=body), "Replace")
    assert outputs == {"Ref": "own|r", "Arn": "arn:aws:events:us-east-1:123456789012:rule/own/r"}
    local_cloud.deploy(Replace=_one("AWS::Events::Rule", {**rule, "Targets": []}, Bus=bus, Queue=QUEUE))
    events = local_cloud.place.client("events")
    assert events.list_targets_by_rule(Rule="r", EventBusName="own")["Targets"] == []
    local_cloud.deploy(Replace=template(Bus=bus))
    assert events.list_rules(EventBusName="own")["Rules"] == []
    local_cloud.remove("Replace")


def test_a_policy_that_leaves_the_template_is_in_force_no_more(local_cloud: Any) -> None:
    policy = {"PolicyDocument": document("sqs:*", Principal="*"), "Queues": [{"Ref": "Queue"}]}
    topics = {"PolicyDocument": document("sns:*", Principal="*"), "Topics": [{"Ref": "Topic"}]}
    held = {"Queue": QUEUE, "Topic": {"Type": "AWS::SNS::Topic"}}
    two = {"Type": "AWS::SNS::TopicPolicy", "Properties": topics}
    local_cloud.deploy(Replace=_one("AWS::SQS::QueuePolicy", policy, Two=two, **held))
    body = template(**held)
    body["Outputs"] = {key: {"Value": {"Ref": key}} for key in held}
    outputs = local_cloud.outputs(local_cloud.deploy(Replace=body), "Replace")
    shown = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["Policy"])
    topic = local_cloud.place.client("sns").get_topic_attributes(TopicArn=outputs["Topic"])["Attributes"]
    statement = json.loads(topic["Policy"])["Statement"][0]["Sid"]
    assert (shown.get("Attributes", {}), statement) == ({}, "__default_statement_ID")
    local_cloud.remove("Replace")


def test_a_rule_of_a_security_group_goes_when_another_one_takes_its_place(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html"""
    network = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", "VpcId": {"Ref": "Network"}}}

    def ports(*ports: int) -> list[int]:
        rules = {
            f"Rule{port}" if port > 99 else "Rule": {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "Properties": {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, "IpProtocol": "tcp",
                               "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"},
            }
            for port in ports
        }  # fmt: skip
        body = template(Network=network, Group=group, **rules)
        body["Outputs"] = {"Group": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}}
        found = local_cloud.outputs(local_cloud.deploy(Replace=body), "Replace")["Group"]
        (shown,) = local_cloud.place.client("ec2").describe_security_groups(GroupIds=[found])["SecurityGroups"]
        return sorted(one["FromPort"] for one in shown["IpPermissions"])

    assert ports(22, 100) == [22, 100]
    assert ports(23) == [23]
    assert ports() == []
    local_cloud.remove("Replace")
