"""Text recognition by Amazon Textract: who may ask, and the topic by which jobs say that they have ended.

Creates: a topic whose messages go to a queue, and the role by which the service writes to it.
Grants: the caller's role may recognise text and pass that role; the service may publish to the topic.
Source: Amazon Textract developer guide, "Configuring Amazon Textract for asynchronous operations", "Cross-service
confused deputy prevention"; Service Authorization Reference, Amazon Textract (no resource types).
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.permissions import allow, allow_key

TEXTRACT_ACTIONS = [
    *("textract:DetectDocumentText", "textract:GetDocumentTextDetection"),
    "textract:StartDocumentTextDetection",
]
TEXTRACT_REASON = "The operations of Amazon Textract have no resources that a policy could name."


class TextRecognition(Construct):
    """The topic as `topic`, the service's role as `role`, and what a function is told as `variables`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, work: DeadLetteredQueue, key: kms.IKey | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Ended", enforce_ssl=True, master_key=key)
        self.topic.add_subscription(
            subscriptions.SqsSubscription(work.queue, raw_message_delivery=True, dead_letter_queue=work.dead_letters)
        )
        account = cdk.Stack.of(self).account
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "textract.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
            ),
        )
        allow(self.role, ["sns:Publish"], [self.topic.topic_arn])
        allow_key(self.role, key.key_arn if key else None)
        self.variables = {"OCR_TOPIC_ARN": self.topic.topic_arn, "OCR_ROLE_ARN": self.role.role_arn}

    def permit(self, caller: iam.Role) -> None:
        """Let a role recognise text, and have the service tell the topic."""
        allow(caller, TEXTRACT_ACTIONS, ["*"], wildcard_reason=TEXTRACT_REASON)
        passing = iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[self.role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "textract.amazonaws.com"}},
        )
        caller.add_to_policy(passing)
