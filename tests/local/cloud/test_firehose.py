"""Firehose delivers to S3 by size and time, as the stream's role, and refuses what it cannot do.

Expectations: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html,
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and
https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

import gzip
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("D9")
BUCKET = "firehose-lands-here"
ERRORS = "errors/!{firehose:error-output-type}/"


@pytest.fixture(scope="module")
def s3(local_cloud: Any) -> Any:
    client = local_cloud.place.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def create(local_cloud: Any, name: str, **settings: Any) -> Any:
    role = "arn:aws:iam::123456789012:role/firehose"
    destination = {"BucketARN": f"arn:aws:s3:::{BUCKET}", "RoleARN": role, "Prefix": f"{name}/", **settings}
    client = local_cloud.place.client("firehose")
    client.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination)
    return client


def delivered(s3: Any, prefix: str) -> list[tuple[str, bytes]]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [(one["Key"], s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()) for one in listed]


def test_records_wait_for_each_other_and_come_as_one_object(local_cloud: Any, s3: Any) -> None:
    hints = {"IntervalInSeconds": 1, "SizeInMBs": 5}
    processors = {"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]}
    firehose = create(
        local_cloud, "lines", BufferingHints=hints, FileExtension=".jsonl", ProcessingConfiguration=processors
    )

    firehose.put_record(DeliveryStreamName="lines", Record={"Data": b'{"a": 1}'})
    answer = firehose.put_record_batch(DeliveryStreamName="lines", Records=[{"Data": b'{"a": 2}'}] * 2)

    assert answer["FailedPutCount"] == 0
    assert len(answer["RequestResponses"]) == 2
    ((key, data),) = local_cloud.eventually(lambda: delivered(s3, "lines/"), what="the delivery")
    assert data == b'{"a": 1}\n{"a": 2}\n{"a": 2}\n'
    assert key.count("/") == 5  # prefix/yyyy/MM/dd/HH/name
    assert key.endswith(".jsonl")


def test_a_full_buffer_does_not_wait_for_its_time_and_gzip_is_gzip(local_cloud: Any, s3: Any) -> None:
    hints = {"IntervalInSeconds": 900, "SizeInMBs": 1}
    prefix = "gz/!{timestamp:yyyy-MM}/"
    firehose = create(
        local_cloud, "gz", BufferingHints=hints, CompressionFormat="GZIP", Prefix=prefix, ErrorOutputPrefix=ERRORS
    )

    firehose.put_record_batch(DeliveryStreamName="gz", Records=[{"Data": b"x" * 1_000_000}] * 2)

    ((key, data),) = local_cloud.eventually(lambda: delivered(s3, "gz/"), what="the delivery")
    assert gzip.decompress(data) == b"x" * 2_000_000
    assert key.count("/") == 2
    assert key.endswith(".gz")


def test_what_is_too_large_or_unknown_is_refused(local_cloud: Any, s3: Any) -> None:
    firehose = create(local_cloud, "limits")

    for records in ([{"Data": b"x" * 1_024_001}], [{"Data": b"x"}] * 501, [{"Data": b"x" * 1_000_000}] * 5):
        with pytest.raises(ClientError, match="InvalidArgumentException"):
            firehose.put_record_batch(DeliveryStreamName="limits", Records=records)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        firehose.put_record(DeliveryStreamName="nobody", Record={"Data": b"x"})


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"CompressionFormat": "Snappy"}, "Snappy"),
        ({"DynamicPartitioningConfiguration": {"Enabled": True}}, "DynamicPartitioning"),
        ({"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda"}]}}, "Lambda"),
        ({"Prefix": "!{firehose:random-string}/", "ErrorOutputPrefix": ERRORS}, "random-string"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(local_cloud: Any, settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ClientError, match=f"Not emulated.*{named}"):
        create(local_cloud, "refused", **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"Prefix": "a/!{timestamp:yyyy}/"},
        {"Prefix": "a/!{timestamp:yyyy}/", "ErrorOutputPrefix": ""},
        {"Prefix": "a/!{timestamp:yyyy}/", "ErrorOutputPrefix": "errors/!{timestamp:yyyy}/"},
        {"Prefix": "a/!{firehose:error-output-type}/", "ErrorOutputPrefix": ERRORS},
    ],
)
def test_prefixes_that_firehose_refuses_are_refused(local_cloud: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*Prefix"):
        create(local_cloud, "refused", **settings)


def test_a_prefix_without_expressions_needs_none_for_errors(local_cloud: Any, s3: Any) -> None:
    create(local_cloud, "plain", Prefix="plain/")
