"""What a request needs: actions and resources, for services that no template here has used for long.

Expectations: https://docs.aws.amazon.com/service-authorization/latest/reference/ with the page of each service:
list_awsglue.html, list_amazons3vectors.html, list_amazoneventbridgescheduler.html, list_amazontextract.html,
list_amazonsagemaker.html, list_amazonkinesisfirehose.html, list_amazoncomprehend.html.
"""

from typing import Any

import pytest

from slipway_local.permissions.calls import read
from slipway_local.permissions.needs import needs
from slipway_local.signature import signature_of
from support.requests_of_boto3 import sent

pytestmark = pytest.mark.capability("O14")

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
INDEX = {"vectorBucketName": "one", "indexName": "two"}
TABLE = {"DatabaseName": "d", "TableName": "t"}
PAGE = {"S3Object": {"Bucket": "papers", "Name": "a.pdf"}}
TARGET = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "RoleArn": ROLE}
WHEN = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET}
TRAINING = {
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {},
}
READ_PAGE = ("s3:GetObject", "arn:aws:s3:::papers/a.pdf")
PASS = ("iam:PassRole", ROLE)
NEEDS: dict[str, list[tuple[str, dict[str, Any], list[str]]]] = {
    "glue": [
        ("start_job_run", {"JobName": "j"}, ["job/j"]),
        ("get_job_run", {"JobName": "j", "RunId": "r"}, ["job/j"]),
        ("get_table", {"DatabaseName": "d", "Name": "t"}, ["catalog", "database/d", "table/d/t"]),
        ("create_database", {"DatabaseInput": {"Name": "d"}}, ["catalog", "database/d"]),
        ("get_partitions", TABLE, ["catalog", "database/d", "table/d/t"]),
        ("get_databases", {}, ["catalog", "database/*"]),
    ],
    "s3vectors": [
        ("create_vector_bucket", {"vectorBucketName": "one"}, ["bucket/one"]),
        (
            "create_index",
            {**INDEX, "dataType": "float32", "dimension": 2, "distanceMetric": "cosine"},
            ["bucket/one/index/two"],
        ),
        ("put_vectors", {**INDEX, "vectors": [{"key": "k", "data": {"float32": [1.0]}}]}, ["bucket/one/index/two"]),
        (
            "delete_vectors",
            {"indexArn": f"arn:aws:s3vectors:us-east-1:{ACCOUNT}:bucket/one/index/two", "keys": ["k"]},
            ["bucket/one/index/two"],
        ),
        ("get_index", INDEX, ["bucket/one/index/two"]),
        ("query_vectors", {**INDEX, "topK": 1, "queryVector": {"float32": [1.0]}}, ["bucket/one/index/two"]),
    ],
    "scheduler": [
        ("get_schedule", {"Name": "n"}, ["schedule/default/n"]),
        ("delete_schedule", {"Name": "n", "GroupName": "g"}, ["schedule/g/n"]),
        ("create_schedule_group", {"Name": "g"}, ["schedule-group/g"]),
        ("get_schedule_group", {"Name": "g"}, ["schedule-group/g"]),
        ("delete_schedule_group", {"Name": "g"}, ["schedule-group/g"]),
    ],
    "sagemaker": [
        ("describe_endpoint", {"EndpointName": "e"}, ["endpoint/e"]),
        ("create_endpoint", {"EndpointName": "e", "EndpointConfigName": "c"}, ["endpoint/e", "endpoint-config/c"]),
        ("stop_training_job", {"TrainingJobName": "t"}, ["training-job/t"]),
        ("describe_model", {"ModelName": "m"}, ["model/m"]),
        ("delete_endpoint_config", {"EndpointConfigName": "c"}, ["endpoint-config/c"]),
    ],
    "firehose": [
        ("put_record", {"DeliveryStreamName": "s", "Record": {"Data": b"x"}}, ["deliverystream/s"]),
        ("put_record_batch", {"DeliveryStreamName": "s", "Records": [{"Data": b"x"}]}, ["deliverystream/s"]),
        ("describe_delivery_stream", {"DeliveryStreamName": "s"}, ["deliverystream/s"]),
        ("delete_delivery_stream", {"DeliveryStreamName": "s"}, ["deliverystream/s"]),
        ("list_tags_for_delivery_stream", {"DeliveryStreamName": "s"}, ["deliverystream/s"]),
    ],
}
ALL: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "comprehend": [
        ("detect_pii_entities", {"Text": "x", "LanguageCode": "en"}),
        ("contains_pii_entities", {"Text": "x", "LanguageCode": "en"}),
        ("detect_dominant_language", {"Text": "x"}),
        ("detect_sentiment", {"Text": "x", "LanguageCode": "en"}),
        ("batch_detect_entities", {"TextList": ["x"], "LanguageCode": "en"}),
    ],
    "textract": [("get_document_text_detection", {"JobId": "j"})],
}
ODD: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("textract", "detect_document_text", {"Document": PAGE}, [("textract:DetectDocumentText", "*"), READ_PAGE]),
    ("textract", "analyze_document", {"Document": PAGE, "FeatureTypes": ["TABLES"]},
     [("textract:AnalyzeDocument", "*"), READ_PAGE]),
    ("textract", "analyze_expense", {"Document": PAGE}, [("textract:AnalyzeExpense", "*"), READ_PAGE]),
    ("textract", "start_document_text_detection", {"DocumentLocation": PAGE},
     [("textract:StartDocumentTextDetection", "*"), READ_PAGE]),
    ("s3vectors", "query_vectors", {**INDEX, "topK": 1, "queryVector": {"float32": [1.0]}, "returnMetadata": True},
     [(f"s3vectors:{action}", f"arn:aws:s3vectors:us-east-1:{ACCOUNT}:bucket/one/index/two")
      for action in ("QueryVectors", "GetVectors")]),
    ("scheduler", "create_schedule", {"Name": "n", **WHEN},
     [("scheduler:CreateSchedule", f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/n"), PASS]),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"x"},
     [("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/e")]),
    ("sagemaker", "create_training_job", {"TrainingJobName": "t", "RoleArn": ROLE, **TRAINING},
     [("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/t"), PASS]),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html ("Permissions")
    ("s3", "copy_object", {"Bucket": "to", "Key": "k", "CopySource": {"Bucket": "from", "Key": "a b"}},
     [("s3:PutObject", "arn:aws:s3:::to/k"), ("s3:GetObject", "arn:aws:s3:::from/a b")]),
    ("s3", "copy_object", {"Bucket": "to", "Key": "k", "CopySource": "from/a?versionId=v"},
     [("s3:PutObject", "arn:aws:s3:::to/k"), ("s3:GetObjectVersion", "arn:aws:s3:::from/a")]),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html ("Permissions")
    ("s3", "delete_object", {"Bucket": "b", "Key": "k", "VersionId": "v"},
     [("s3:DeleteObjectVersion", "arn:aws:s3:::b/k")]),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html ("Permissions")
    ("s3", "get_object", {"Bucket": "b", "Key": "k", "VersionId": "v"},
     [("s3:GetObjectVersion", "arn:aws:s3:::b/k"), ("s3:ListBucket", "arn:aws:s3:::b")]),
]  # fmt: skip


def needed(service: str, method: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    environ = sent(service, method, **arguments)
    signature = signature_of(environ)
    assert signature is not None
    return [(need.action, need.resource) for need in needs(read(environ, signature, ACCOUNT, "aws"))]


def action_of(service: str, method: str) -> str:
    return f"{service}:{''.join(word.capitalize() for word in method.split('_'))}"


@pytest.mark.parametrize(
    ("service", "method", "arguments", "resources"),
    [(service, *one) for service, several in NEEDS.items() for one in several],
)
def test_an_operation_needs_its_action_on_what_it_names(
    service: str, method: str, arguments: dict[str, Any], resources: list[str]
) -> None:
    place = f"arn:aws:{service}:us-east-1:{ACCOUNT}"
    assert needed(service, method, arguments) == [(action_of(service, method), f"{place}:{one}") for one in resources]


@pytest.mark.parametrize(
    ("service", "method", "arguments"), [(service, *one) for service, several in ALL.items() for one in several]
)
def test_an_operation_without_resource_types_needs_all(service: str, method: str, arguments: dict[str, Any]) -> None:
    assert needed(service, method, arguments) == [(action_of(service, method), "*")]


@pytest.mark.parametrize(("service", "method", "arguments", "expected"), ODD)
def test_some_operations_need_more(
    service: str, method: str, arguments: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert needed(service, method, arguments) == expected


KEY = {"tenant": {"S": "blue"}}


@pytest.mark.parametrize(
    ("method", "arguments", "named"),
    [
        ("put_item", {"TableName": "t", "Item": {**KEY, "secret": {"S": "x"}}}, ["secret", "tenant"]),
        ("update_item", {"TableName": "t", "Key": KEY, "UpdateExpression": "SET a.b = if_not_exists(#c, :d) REMOVE e",
         "ExpressionAttributeNames": {"#c": "count"}, "ExpressionAttributeValues": {":d": {"N": "1"}}},
         ["a", "count", "e", "tenant"]),
        ("query", {"TableName": "t", "KeyConditionExpression": "tenant = :t AND begins_with(moment, :m)",
         "ProjectionExpression": "title, pages[0].text",
         "ExpressionAttributeValues": {":t": {"S": "blue"}, ":m": {"S": "2"}}}, ["moment", "pages", "tenant", "title"]),
        ("batch_write_item", {"RequestItems": {"t": [{"PutRequest": {"Item": {**KEY, "x": {"S": "1"}}}},
         {"DeleteRequest": {"Key": KEY}}]}}, ["tenant", "x"]),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY], "ProjectionExpression": "y"}}}, ["tenant", "y"]),
        ("transact_write_items", {"TransactItems": [{"Put": {"TableName": "t", "Item": {"z": {"S": "1"}}}}]}, ["z"]),
    ],
)  # fmt: skip
def test_the_attributes_that_a_request_names(method: str, arguments: dict[str, Any], named: list[str]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"""
    environ = sent("dynamodb", method, **arguments)
    signature = signature_of(environ)
    assert signature is not None
    [need] = needs(read(environ, signature, ACCOUNT, "aws"))
    assert need.context["dynamodb:attributes"] == named
