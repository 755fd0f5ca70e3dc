"""What a function's role must be allowed for its event source mappings to be created and to poll.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions and
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from slipway_local.permissions.enforcement import enforcement

ACTIONS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}


def denied(role: str, source_arn: str) -> str | None:
    """Return the first action of those that polling needs which the role may not do."""
    actions = ACTIONS.get(source_arn.split(":")[2], ())
    return next((action for action in actions if not enforcement.role_may(role, action, source_arn)), None)
