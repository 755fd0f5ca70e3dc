"""Move what lies in the dead-letter queue back to the queue it came from."""

import time

from slipway_cli.errors import CommandError
from slipway_cli.target import Target

POLL_SECONDS = 0.5


def redrive(target: Target) -> int:
    """Start SQS's own message move task and wait for its end; the number of messages moved.

    Raises: CommandError if the task fails.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    """
    sqs = target.client("sqs")
    arn = target.parameter("ingestion/dead-letter-queue-arn")
    # Named, because events that EventBridge could not deliver came from no queue, and SQS could not send them back.
    sqs.start_message_move_task(SourceArn=arn, DestinationArn=target.parameter("ingestion/queue-arn"))
    while True:
        task = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
        if task["Status"] == "COMPLETED":
            return int(task["ApproximateNumberOfMessagesMoved"])
        if task["Status"] in ("FAILED", "CANCELLED"):
            raise CommandError(
                f"the move task ended as {task['Status']}: {task.get('FailureReason', 'no reason given')}"
            )
        time.sleep(POLL_SECONDS)
