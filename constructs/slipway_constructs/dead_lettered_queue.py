"""A queue whose messages go to a dead-letter queue after a number of failed attempts.

Creates: two queues and their policies.   Grants: none; requests without TLS are denied.
Source: SQS developer guide, "Using dead-letter queues"; Lambda developer guide, "Configuring a queue to use with
Lambda": visibility timeout six times the function's timeout.
"""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class DeadLetteredQueue(Construct):
    """The queue as `queue`, the other as `dead_letters`; both keep messages for 14 days, SQS's longest."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        consumer_timeout: cdk.Duration,
        max_receive_count: int,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            enforce_ssl=True,
            encryption=encryption,
            encryption_master_key=key,
            retention_period=cdk.Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            enforce_ssl=True,
            encryption=encryption,
            encryption_master_key=key,
            retention_period=cdk.Duration.days(14),
            visibility_timeout=cdk.Duration.seconds(6 * consumer_timeout.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=max_receive_count),
        )
