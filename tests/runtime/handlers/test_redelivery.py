"""What fails for the moment comes again after seconds, not after the queue's half hour."""

import json
import threading

import boto3
import pytest
from botocore.exceptions import ClientError

from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.redelivery import wait_seconds

KEY = "acme/a.md"


def deliver(context, queue: str, seconds: float) -> tuple[dict, list]:
    context.seconds = seconds
    sqs = boto3.client("sqs")
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    record = {"messageId": "m", "body": message["Body"], "receiptHandle": message["ReceiptHandle"]}
    record["attributes"] = {"ApproximateReceiveCount": "1"}
    calls: list = []
    client = ingest_document.client("sqs")
    client.meta.events.register("before-parameter-build.sqs.*", lambda params, **_: calls.append(params))
    return ingest_document.handler({"Records": [record]}, context), calls


@pytest.mark.parametrize("seconds", [10.2, 5])
def test_a_record_that_failed_for_the_moment_or_was_not_begun_comes_again_soon(
    cloud, context, monkeypatch, seconds: float
) -> None:
    queue = boto3.client("sqs").create_queue(QueueName="q", Attributes={"VisibilityTimeout": "1800"})["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(cloud.put(KEY, "Text.")))
    cloud.throttle("InvokeModel")
    monkeypatch.setenv("QUEUE_URL", queue)
    answer, [call] = deliver(context, queue, seconds)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert 5 <= call["VisibilityTimeout"] <= 10


def test_a_record_that_waits_for_what_does_not_answer_is_given_up_before_lambda_ends_the_invocation(
    cloud, context, monkeypatch
) -> None:
    """S3's client alone would wait 60 s five times; the message would stay invisible for half an hour."""
    queue = boto3.client("sqs").create_queue(QueueName="q", Attributes={"VisibilityTimeout": "1800"})["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(cloud.put(KEY, "Text.")))
    monkeypatch.setenv("QUEUE_URL", queue)
    answered = threading.Event()
    monkeypatch.setattr(
        ingest_document._lifecycle(None).reader.objects.client, "get_object", lambda **_: answered.wait()
    )
    try:
        answer, [call] = deliver(context, queue, 10.2)
    finally:
        answered.set()
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert 5 <= call["VisibilityTimeout"] <= 10


def test_a_queue_that_does_not_answer_never_fails_the_batch(cloud, context, monkeypatch) -> None:
    queue = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(cloud.put(KEY, "Text.")))
    monkeypatch.setenv("QUEUE_URL", queue + "-gone")
    answer, _ = deliver(context, queue, 5)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}


def test_waits_double_to_a_quarter_of_an_hour() -> None:
    for receive_count, ceiling in ((1, 10), (2, 20), (5, 160), (8, 900), (1_000, 900)):
        waits = {wait_seconds(receive_count) for _ in range(50)}
        assert ceiling / 2 <= min(waits)
        assert max(waits) <= ceiling
        assert len(waits) > 1


def test_a_conflict_of_two_writers_is_waited_out_in_place(cloud, monkeypatch) -> None:
    client = ingest_document._lifecycle(None).settling.lineage.client
    real, conflicts = client.transact_write_items, []

    def busy(**request):
        if len(conflicts) < 3:
            conflicts.append(1)
            reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
            response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise client.exceptions.TransactionCanceledException(response, "TransactWriteItems")
        return real(**request)

    monkeypatch.setattr(client, "transact_write_items", busy)
    assert issubclass(client.exceptions.TransactionCanceledException, ClientError)
    assert cloud.ingest(cloud.put(KEY, "Text.")) == []
    assert len(conflicts) == 3
    assert cloud.lineage(KEY)["status"] == "indexed"
