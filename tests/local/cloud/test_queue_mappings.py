"""SQS mappings and redrive.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import concurrent.futures
import json
from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")


WORKER = """
import json, os
def handler(event, context):
    failed = []
    bodies = [record["body"] for record in event["Records"]]
    print("batch", json.dumps(bodies), [r["attributes"]["ApproximateReceiveCount"] for r in event["Records"]])
    if "crash" in bodies: os._exit(1)
    for record in event["Records"]:
        if record["body"].startswith("bad"): failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


def flow(local_cloud: Any, receives: int = 2, **mapping: Any) -> dict[str, Any]:
    """A queue with a dead-letter queue and a function that reads it."""
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(WORKER, timeout=2),
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 2, "RedrivePolicy": {
                "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": receives}}},
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "Worker"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping}},
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}, "Dead": {"Value": {"Ref": "Dead"}},
                    "DeadArn": {"Value": {"Fn::GetAtt": ["Dead", "Arn"]}}, "Worker": {"Value": {"Ref": "Worker"}}},
    }  # fmt: skip


def depth(local_cloud: Any, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def batches(local_cloud: Any, name: str) -> list[list[str]]:
    path = local_cloud.state / "logs" / f"{name}.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line[6 : line.index("]") + 1]) for line in lines if line.startswith("batch ")]


def send(local_cloud: Any, url: str, *bodies: str) -> None:
    for body in bodies:
        local_cloud.place.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def test_partial_failures_retry_alone_then_go_to_the_dead_letter_queue_and_back(local_cloud: Any) -> None:
    out = local_cloud.outputs(local_cloud.deploy(Partial=flow(local_cloud, BatchSize=10)), "Partial")
    send(local_cloud, out["Queue"], "good-1", "bad-1", "good-2")
    local_cloud.eventually(
        lambda: depth(local_cloud, out["Dead"]) == (1, 0), what="one message in the dead-letter queue"
    )
    assert depth(local_cloud, out["Queue"]) == (0, 0)
    seen = [body for batch in batches(local_cloud, out["Worker"]) for body in batch]
    assert sorted(seen) == ["bad-1", "bad-1", "good-1", "good-2"]

    sqs = local_cloud.place.client("sqs")
    sqs.start_message_move_task(SourceArn=out["DeadArn"])
    local_cloud.eventually(lambda: len(batches(local_cloud, out["Worker"])) > 3, what="the redriven message to be read")
    task = sqs.list_message_move_tasks(SourceArn=out["DeadArn"])["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_a_batch_whose_function_dies_comes_back_whole(local_cloud: Any) -> None:
    out = local_cloud.outputs(local_cloud.deploy(Dying=flow(local_cloud, BatchSize=5)), "Dying")
    send(local_cloud, out["Queue"], "crash")
    local_cloud.eventually(
        lambda: depth(local_cloud, out["Dead"]) == (1, 0), what="the message in the dead-letter queue"
    )
    local_cloud.eventually(lambda: batches(local_cloud, out["Worker"]) == [["crash"], ["crash"]])


def test_a_batching_window_fills_batches_up_to_their_size(local_cloud: Any) -> None:
    body = flow(local_cloud, BatchSize=20, MaximumBatchingWindowInSeconds=2)
    body["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 60  # or messages come again within the window
    out = local_cloud.outputs(local_cloud.deploy(Window=body), "Window")
    bodies = [f"m{number}" for number in range(20)]
    send(local_cloud, out["Queue"], *bodies)
    local_cloud.eventually(lambda: sum(map(len, batches(local_cloud, out["Worker"]))) == 20)
    assert len(batches(local_cloud, out["Worker"])) <= 2


def test_what_a_mapping_waits_with_is_given_back_when_it_is_switched_off(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html (Enabled)"""
    body = flow(local_cloud, BatchSize=20, MaximumBatchingWindowInSeconds=5)
    body["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 600
    body["Outputs"]["Mapping"] = {"Value": {"Ref": "Mapping"}}
    out = local_cloud.outputs(local_cloud.deploy(Off=body), "Off")
    send(local_cloud, out["Queue"], "waits")
    local_cloud.eventually(lambda: depth(local_cloud, out["Queue"]) == (0, 1), what="the message to be received")
    local_cloud.place.client("lambda").update_event_source_mapping(UUID=out["Mapping"], Enabled=False)
    local_cloud.eventually(lambda: depth(local_cloud, out["Queue"]) == (1, 0), seconds=60, what="the message back")
    assert batches(local_cloud, out["Worker"]) == []


def test_nothing_is_lost_when_many_send_while_others_delete(local_cloud: Any) -> None:
    body = flow(local_cloud, BatchSize=10, ScalingConfig={"MaximumConcurrency": 3})
    out = local_cloud.outputs(local_cloud.deploy(Many=body), "Many")
    bodies = [f"m{number}" for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: send(local_cloud, out["Queue"], text), bodies))
    local_cloud.eventually(
        lambda: {body for batch in batches(local_cloud, out["Worker"]) for body in batch} == set(bodies), seconds=30
    )
    local_cloud.eventually(lambda: depth(local_cloud, out["Queue"]) == (0, 0))


def test_a_batch_ends_at_6_mb(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html: the payload size limit."""
    template = flow(local_cloud, BatchSize=100, MaximumBatchingWindowInSeconds=5)
    code = "import json\ndef handler(e, c): print('batch', [len(e['Records']), len(json.dumps(e))])\n"
    template["Resources"]["Worker"] = local_cloud.function(code, timeout=5)
    template["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 60
    outputs = local_cloud.outputs(local_cloud.deploy(Large=template), "Large")
    send(local_cloud, outputs["Queue"], *["x" * 500_000] * 20)

    def seen() -> Any:
        found = batches(local_cloud, outputs["Worker"])
        return found if sum(int(count) for count, _ in found) >= 20 else None

    found = local_cloud.eventually(seen, seconds=40)
    assert sum(count for count, _ in found) == 20
    assert max(size for _, size in found) <= 6 * 1024 * 1024
    assert max(count for count, _ in found) > 10  # and a batch is not cut sooner
