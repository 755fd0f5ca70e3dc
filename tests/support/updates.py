"""Live types with their mutable properties: what a resource needs, values that differ from the defaults, a reading."""

import json
from dataclasses import dataclass, field
from typing import Any

from support import update_readings as read
from support.updates_of_more import MORE

TAGS = [{"Key": "team", "Value": "search"}]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
ROLE_ARN = {"Fn::GetAtt": ["Role", "Arn"]}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
QUEUE_ARN = {"Fn::GetAtt": ["Queue", "Arn"]}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
STATES = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


STACK_NAMED = {"Name": {"Ref": "AWS::StackName"}}


def document(action: str, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}


ANYBODY = document("sqs:SendMessage", Principal="*")
ROOT = document("kms:*", Principal={"AWS": "arn:aws:iam::123456789012:root"})


@dataclass(frozen=True)
class Live:
    """A type: `base` is needed, each of `changes` is then added alone; `beside` are other resources it refers to."""

    read: read.Read
    changes: dict[str, Any]
    base: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)


TABLE_BASE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
FUNCTION_BASE = {
    "Runtime": "python3.13",
    "Handler": "index.handler",
    "Role": ROLE_ARN,
    "Code": {"ZipFile": "def handler(event, context): pass"},
}
MACHINE_BASE = {"RoleArn": ROLE_ARN, "DefinitionString": STATES}
OTHER_STATES = STATES.replace("Pass", "Succeed").replace(', "End": true', "")
LIVE = {
    "AWS::SQS::Queue": Live(
        read.queue,
        {"VisibilityTimeout": 99, "DelaySeconds": 5, "MessageRetentionPeriod": 70, "MaximumMessageSize": 2048,
         "ReceiveMessageWaitTimeSeconds": 3, "KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": 60,
         "SqsManagedSseEnabled": False,  "Tags": TAGS,
         "RedrivePolicy": {"deadLetterTargetArn": QUEUE_ARN, "maxReceiveCount": 3}},
        beside={"Queue": QUEUE},
    ),
    "AWS::SQS::QueuePolicy": Live(
        lambda place, _: [read.queue(place, url).get("Policy") for url in place.client("sqs").list_queues()["QueueUrls"]
                          if "-Held" in url],
        {"PolicyDocument": ANYBODY, "Queues": [{"Ref": "Held"}, {"Ref": "HeldToo"}]},
        {"PolicyDocument": document("sqs:ReceiveMessage", Principal="*"), "Queues": [{"Ref": "Held"}]},
        {"Held": QUEUE, "HeldToo": QUEUE},
    ),
    "AWS::SNS::Topic": Live(
        read.topic,
        {"DisplayName": "News", "KmsMasterKeyId": "alias/aws/sns", "Tags": TAGS,
         "Subscription": [{"Protocol": "sqs", "Endpoint": QUEUE_ARN}]},
        beside={"Queue": QUEUE},
    ),
    "AWS::SNS::Subscription": Live(
        read.subscription,
        {"FilterPolicy": {"kind": ["a"]}, "FilterPolicyScope": "MessageBody", "RawMessageDelivery": True,
         "RedrivePolicy": {"deadLetterTargetArn": QUEUE_ARN}},
        {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": QUEUE_ARN},
        {"Queue": QUEUE, "Topic": {"Type": "AWS::SNS::Topic"}},
    ),
    "AWS::DynamoDB::Table": Live(
        read.table,
        {"DeletionProtectionEnabled": True, "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}, "Tags": TAGS,
         "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
         "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
         "AttributeDefinitions": [*TABLE_BASE["AttributeDefinitions"],
                                  {"AttributeName": "kind", "AttributeType": "S"}],
         "BillingMode": "PROVISIONED", "SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": "alias/x"}},
        TABLE_BASE,
    ),
    "AWS::IAM::Role": Live(
        read.role,
        {"AssumeRolePolicyDocument": json.loads(json.dumps(TRUST).replace("lambda", "states")), "Description": "x",
         "MaxSessionDuration": 7200, "PermissionsBoundary": READ_ONLY, "ManagedPolicyArns": [READ_ONLY], "Tags": TAGS,
         "Policies": [{"PolicyName": "p", "PolicyDocument": document("s3:GetObject")}]},
        ROLE["Properties"],
    ),
    "AWS::IAM::ManagedPolicy": Live(
        read.managed_policy,
        {"PolicyDocument": document("s3:PutObject"), "Roles": [{"Ref": "Role"}]},
        {"PolicyDocument": document("s3:GetObject")},
        {"Role": ROLE},
    ),
    "AWS::KMS::Key": Live(
        read.key,
        {"EnableKeyRotation": True, "Enabled": False, "Description": "x", "Tags": TAGS,
         "KeyPolicy": document("kms:Decrypt", Principal={"AWS": "*"})},
        {"KeyPolicy": ROOT},
    ),
    "AWS::Lambda::Function": Live(
        read.function,
        {"Timeout": 77, "MemorySize": 512, "TracingConfig": {"Mode": "Active"}, "Description": "x", "Tags": TAGS,
         "Environment": {"Variables": {"AB": "1"}}, "EphemeralStorage": {"Size": 1024}, "Handler": "index.other",
         "ReservedConcurrentExecutions": 2,
         "Code": {"ZipFile": "def handler(event, context): return 1"}},
        FUNCTION_BASE,
        {"Role": ROLE, "Queue": QUEUE},
    ),
    "AWS::Lambda::Alias": Live(
        read.alias,
        {"Description": "x", "FunctionVersion": "$LATEST"},
        {"FunctionName": {"Ref": "Function"}, "Name": "live", "FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}},
        {"Role": ROLE, "Function": {"Type": "AWS::Lambda::Function", "Properties": FUNCTION_BASE},
         "V1": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}}},
    ),
    "AWS::Logs::LogGroup": Live(
        read.log_group, {"RetentionInDays": 7, "Tags": TAGS, "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"}
    ),
    "AWS::Events::Rule": Live(
        read.rule,
        {"Description": "x", "State": "DISABLED", "RoleArn": ROLE_ARN, "Tags": TAGS, "EventPattern": {"source": ["b"]},
         "Targets": [{"Id": "1", "Arn": QUEUE_ARN}]},
        {"EventPattern": {"source": ["a"]}},
        {"Role": ROLE, "Queue": QUEUE},
    ),
    "AWS::Events::EventBus": Live(read.bus, {"Tags": TAGS}, STACK_NAMED),
    "AWS::StepFunctions::StateMachine": Live(
        read.machine,
        {"TracingConfiguration": {"Enabled": True}, "DefinitionString": OTHER_STATES, "Tags": TAGS,
         "LoggingConfiguration": {"Level": "ERROR", "IncludeExecutionData": True}},
        MACHINE_BASE,
        {"Role": ROLE},
    ),
    "AWS::StepFunctions::Activity": Live(
        read.tagged("stepfunctions", "list_tags_for_resource", "resourceArn"), {"Tags": TAGS}, STACK_NAMED
    ),
    "AWS::Scheduler::ScheduleGroup": Live(
        read.tagged("scheduler", "list_tags_for_resource", "ResourceArn",
               "arn:aws:scheduler:us-east-1:123456789012:schedule-group/{}"), {"Tags": TAGS}
    ),
    "AWS::ECR::Repository": Live(
        read.repository,
        {"ImageTagMutability": "IMMUTABLE", "ImageScanningConfiguration": {"ScanOnPush": True}, "Tags": TAGS,
         "LifecyclePolicy": {"LifecyclePolicyText": json.dumps({"rules": [{"rulePriority": 1, "selection": {
             "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
             "action": {"type": "expire"}}]})},
         "RepositoryPolicyText": document("ecr:BatchGetImage", Principal="*")},
    ),
    "AWS::S3::Bucket": Live(
        read.bucket,
        {"BucketEncryption": {"ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]},
         "LifecycleConfiguration": {"Rules": [{"Id": "r", "Status": "Enabled", "ExpirationInDays": 3}]},
         "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}, "Tags": TAGS,
         "NotificationConfiguration": {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": QUEUE_ARN}]},
         "VersioningConfiguration": {"Status": "Enabled"}, "AccessControl": "PublicRead",
         "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
         "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
        beside={"Queue": QUEUE, "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "PolicyDocument": ANYBODY, "Queues": [{"Ref": "Queue"}]}}},
    ),
    "AWS::SecretsManager::Secret": Live(read.secret, {"SecretString": "two", "Tags": TAGS}, {"SecretString": "one"}),
    "AWS::SSM::Parameter": Live(
        read.parameter, {"Value": "2", "Description": "x", "AllowedPattern": ".*", "Tags": {"team": "search"}},
        {"Type": "String", "Value": "1"},
    ),
    **{kind: Live(*described) for kind, described in MORE.items()},
}  # fmt: skip
# Properties that come with another one.
TOGETHER: dict[tuple[str, str], dict[str, Any]] = {
    ("AWS::SQS::Queue", "KmsDataKeyReusePeriodSeconds"): {"KmsMasterKeyId": "alias/aws/sqs"},
    ("AWS::SNS::Subscription", "FilterPolicyScope"): {"FilterPolicy": {"kind": ["a"]}},
    ("AWS::DynamoDB::Table", "BillingMode"): {
        "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    },
    ("AWS::DynamoDB::Table", "AttributeDefinitions"): {
        "GlobalSecondaryIndexes": [
            {"IndexName": "kinds", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "ALL"}},
        ],
    },
}  # fmt: skip
