"""What the gateway's labelling function is given, where labelling is on; and what it shares with the jobs' own."""

from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow, allow_key
from stacks.slipway_stack import SlipwayStack

TABLE_ACTIONS = ("dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
API_TABLE_ACTIONS = (*TABLE_ACTIONS, "dynamodb:DeleteItem", "dynamodb:UpdateItem")
TASK_ACTIONS = ("states:SendTaskSuccess",)
JOBS_REASON = "Each job has a folder of its own under labelling/, named by its execution."
TOKENS_REASON = (
    "A task token names its one task, and Step Functions takes no resource for the action; the function only has "
    "tokens of labelling jobs, from its own table."
)


def variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the function's variables."""
    return {
        "LABELLING_TABLE": stack.look_up("foundation", "labelling-table-name"),
        "ARTIFACTS_BUCKET": stack.look_up("foundation", "artifacts-bucket-name"),
        "LEASE_SECONDS": str(stack.settings.labelling.lease_minutes * 60),
    }


def permit(stack: SlipwayStack, role: iam.Role) -> None:
    """Let the function hand out items, take labels, and say when a job's last one is there."""
    key = stack.key()
    allow(role, ["s3:GetObject"], [f"{stack.bucket_arn('artifacts')}/labelling/*"], wildcard_reason=JOBS_REASON)
    allow(role, API_TABLE_ACTIONS, [stack.table_arn("labelling")])
    allow(role, TASK_ACTIONS, ["*"], wildcard_reason=TOKENS_REASON)
    allow_key(role, key.key_arn if key else None)
