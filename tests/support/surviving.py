"""The stack whose contents must survive a stop: a bucket, a table, queues, and a function that reads one of them."""

from typing import Any

WORKER = """
import boto3, json
def handler(event, context):
    for record in event["Records"]:
        boto3.client("s3").put_object(Bucket=record["body"], Key="done", Body=record["messageId"].encode())
"""


STACK_OUTPUTS = ("Bucket", "Table", "Jobs", "Waiting", "Worker", "Url")


def template(local_cloud: Any) -> dict[str, Any]:
    arn = {"Fn::GetAtt": ["Jobs", "Arn"]}
    mapping = {"FunctionName": {"Ref": "Worker"}, "EventSourceArn": arn, "Enabled": True}
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    resources = {
        "Role": local_cloud.role(),
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 900}},
        "Waiting": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 900}},
        "Worker": local_cloud.function(WORKER),
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        "Url": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Jobs"}}},
    }
    return {"Resources": resources, "Outputs": {name: {"Value": {"Ref": name}} for name in STACK_OUTPUTS}}
