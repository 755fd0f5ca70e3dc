"""Every protocol of AWS: the operation that boto3 sends is the one that is found in the request."""

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from slipway_local.operations import form_of, operation_of, signed_with
from support.requests_of_boto3 import sent

pytestmark = pytest.mark.capability("O14")


def named(environ: dict[str, Any]) -> tuple[str, str] | None:
    found = operation_of(environ, form_of(environ))
    return (found.service, found.model.name) if found else None


MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
CASES: list[tuple[str, str, dict[str, Any], str]] = [
    # json: the X-Amz-Target header
    ("dynamodb", "put_item", {"TableName": "t", "Item": {"k": {"S": "v"}}}, "PutItem"),
    ("dynamodbstreams", "list_streams", {}, "ListStreams"),
    ("sqs", "send_message", {"QueueUrl": "http://localhost/1/q", "MessageBody": "b"}, "SendMessage"),
    ("stepfunctions", "start_execution", {"stateMachineArn": "arn:aws:states:1"}, "StartExecution"),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "GetSecretValue"),
    ("ssm", "get_parameter", {"Name": "n"}, "GetParameter"),
    ("sagemaker", "list_endpoints", {}, "ListEndpoints"),
    ("cognito-idp", "initiate_auth", {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "c"}, "InitiateAuth"),
    ("cloudwatch", "put_metric_data", {"Namespace": "N", "MetricData": [{"MetricName": "m"}]}, "PutMetricData"),
    # query and ec2: the Action in the form
    ("sns", "publish", {"TopicArn": "t", "Message": "m"}, "Publish"),
    ("iam", "get_role", {"RoleName": "r"}, "GetRole"),
    ("rds", "describe_db_clusters", {}, "DescribeDBClusters"),
    ("elb", "describe_load_balancers", {}, "DescribeLoadBalancers"),
    ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers"),
    ("ec2", "describe_vpcs", {}, "DescribeVpcs"),
    # rest-json: method and path
    ("bedrock-runtime", "converse", {"modelId": "m", "messages": [{"role": "user", "content": []}]}, "Converse"),
    ("bedrock-runtime", "invoke_model", {"modelId": MODEL, "body": b"{}"}, "InvokeModel"),
    ("bedrock", "list_guardrails", {}, "ListGuardrails"),
    ("bedrock-agent-runtime", "retrieve", {"knowledgeBaseId": "ABCDEFGHIJ", "retrievalQuery": {}}, "Retrieve"),
    ("rds-data", "execute_statement", {"resourceArn": "r" * 20, "secretArn": "s" * 20, "sql": "x"}, "ExecuteStatement"),
    ("lambda", "invoke", {"FunctionName": FUNCTION}, "Invoke"),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"x"}, "InvokeEndpoint"),
    ("apigateway", "get_rest_apis", {}, "GetRestApis"),
    ("apigatewayv2", "get_apis", {}, "GetApis"),
    ("scheduler", "list_schedules", {}, "ListSchedules"),
    # rest-xml: method, path, query and headers
    ("s3", "list_buckets", {}, "ListBuckets"),
    ("s3", "put_object", {"Bucket": "b", "Key": "a folder/ö+.txt", "Body": b"x"}, "PutObject"),
    ("s3", "copy_object", {"Bucket": "b", "Key": "k", "CopySource": "a/b"}, "CopyObject"),
    ("s3", "get_object", {"Bucket": "b", "Key": "k"}, "GetObject"),
    ("s3", "head_object", {"Bucket": "b", "Key": "k"}, "HeadObject"),
    ("s3", "list_objects_v2", {"Bucket": "b"}, "ListObjectsV2"),
    ("s3", "create_multipart_upload", {"Bucket": "b", "Key": "k"}, "CreateMultipartUpload"),
    ("s3", "upload_part", {"Bucket": "b", "Key": "k", "UploadId": "u", "PartNumber": 1}, "UploadPart"),
    ("s3control", "list_access_points", {"AccountId": "123456789012"}, "ListAccessPoints"),
    ("cloudfront", "list_distributions", {}, "ListDistributions"),
]


@pytest.mark.parametrize(
    ("service", "method", "arguments", "operation"), CASES, ids=[f"{case[0]}.{case[3]}" for case in CASES]
)
def test_the_operation_that_boto3_sends_is_found(
    service: str, method: str, arguments: dict[str, Any], operation: str
) -> None:
    environ = sent(service, method, **arguments)
    assert named(environ) == (service, operation)


def test_a_form_can_be_read_again_and_another_body_is_not_read() -> None:
    environ = sent("sns", "publish", TopicArn="t", Message="m")
    form = form_of(environ)
    assert b"Action=Publish" in form
    assert environ["wsgi.input"].read() == form
    environ = sent("s3", "put_object", Bucket="b", Key="k", Body=b"content")
    assert form_of(environ) == b""
    assert b"content" in environ["wsgi.input"].read()


def test_a_presigned_request_names_its_operation() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    client = boto3.client(
        "s3", endpoint_url="http://localhost:1", region_name="us-east-1", aws_access_key_id="a",
        aws_secret_access_key="b",
        config=boto3.session.Config(signature_version="s3v4"),
    )  # fmt: skip
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": url.path, "RAW_URI": f"{url.path}?{url.query}",
               "QUERY_STRING": url.query, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
               "wsgi.url_scheme": "http"}  # fmt: skip
    assert named(environ) == ("s3", "GetObject")


def test_what_is_no_aws_request_has_no_operation() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/health", "QUERY_STRING": "", "SERVER_NAME": "localhost",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http"}  # fmt: skip
    assert operation_of(environ, b"") is None


def test_services_that_sign_alike_are_all_known() -> None:
    assert {"bedrock", "bedrock-runtime", "bedrock-agent-runtime"} <= set(signed_with()["bedrock"])
    assert signed_with()["dynamodb"] == ("dynamodb", "dynamodbstreams")
