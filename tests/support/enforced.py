"""A stack whose function has permissions of every kind, and clients with the credentials of its session."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ECHO = "import os\ndef handler(event, context): return {k: v for k, v in os.environ.items() if k.startswith('AWS_')}\n"


ACCOUNT = "123456789012"


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def arn(logical_id: str, tail: str = "") -> dict[str, Any]:
    return {"Fn::Join": ["", [{"Fn::GetAtt": [logical_id, "Arn"]}, tail]]}


def template(role: dict[str, Any], function: dict[str, Any]) -> dict[str, Any]:
    secure = statement("Deny", "s3:*", [arn("Papers"), arn("Papers", "/*")], Principal={"AWS": "*"})
    secure["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    locked = statement("Deny", "s3:GetObject", arn("Papers", "/locked/*"), Principal="*")
    return {
        "Resources": {
            "Papers": {"Type": "AWS::S3::Bucket"},
            "PapersPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Papers"}, "PolicyDocument": document(secure, locked)},
            },
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "tenant", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "tenant", "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Boundary": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "PolicyDocument": document(
                        statement("Allow", ["s3:*", "sqs:*", "dynamodb:*", "logs:*", "cloudwatch:*"], "*")
                    )
                },
            },
            "Role": role,
            "Function": function,
        },
        "Outputs": {
            **{name: {"Value": {"Ref": name}} for name in ("Papers", "Table", "Queue", "Topic", "Function")},
            "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    }


def with_policies(role: dict[str, Any]) -> dict[str, Any]:
    own_items = statement("Allow", ["dynamodb:GetItem", "dynamodb:PutItem"], arn("Table"))
    own_items["Condition"] = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["blue"]}}
    metrics = statement("Allow", "cloudwatch:PutMetricData", "*")
    metrics["Condition"] = {"StringEquals": {"cloudwatch:namespace": "Papers"}}
    listing = statement("Allow", "s3:ListBucket", arn("Papers"))
    listing["Condition"] = {"StringLike": {"s3:prefix": "open/*"}}
    statements = (
        statement("Allow", ["s3:GetObject", "s3:PutObject"], arn("Papers", "/*"), Sid="Objects"),
        statement("Deny", "s3:PutObject", arn("Papers", "/sealed/*")),
        listing,
        own_items,
        metrics,
        statement("Allow", "sqs:ReceiveMessage", arn("Queue"), Sid="Never"),
        statement("Allow", "events:PutEvents", "*"),
    )
    properties = role["Properties"] | {
        "PermissionsBoundary": {"Ref": "Boundary"},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
        "Policies": [{"PolicyName": "Own", "PolicyDocument": document(*statements)}],
    }
    return role | {"Properties": properties}


class Stack:
    """A deployed stack, and clients with the credentials of its function."""

    def __init__(self, enforcing_cloud: Any) -> None:
        self.cloud = enforcing_cloud
        role, function = with_policies(enforcing_cloud.role()), enforcing_cloud.function(ECHO)
        status = enforcing_cloud.deploy(Papers=template(role, function))
        self.outputs = enforcing_cloud.outputs(status, "Papers")
        answer = enforcing_cloud.place.client("lambda").invoke(FunctionName=self.outputs["Function"])
        self.environment = json.load(answer["Payload"])
        name = self.outputs["Role"].rsplit("/", 1)[-1]
        self.session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{self.outputs['Function']}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.cloud.place.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.environment["AWS_SESSION_TOKEN"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


def denied(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call()
    response: dict[str, Any] = dict(raised.value.response)
    assert response["Error"]["Code"].startswith(("AccessDenied", "AuthorizationError", "403")), response
    return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}
