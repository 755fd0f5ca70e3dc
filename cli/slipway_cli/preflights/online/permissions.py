"""Whether who deploys may make each type of resource, and the service-linked roles that are not there yet."""

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.online.client import Clients
from slipway_cli.preflights.subject import Subject
from slipway_local.deploy.schemas import schema_of

SIMULATION = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"
LINKED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html"
MAKING = re.compile(r"[a-z0-9-]+:(Create|Put|Publish|Register|Set|Subscribe|POST|PUT)")
BATCH = 50  # actions in one simulation
# The service of a type: the prefix of its actions, where it is another.
PREFIXES = {"kinesisfirehose": "firehose", "opensearchserverless": "aoss", "stepfunctions": "states"}
LINKED_ROLES = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
    "AWS::OpenSearchServerless::Collection": "AWSServiceRoleForAmazonOpenSearchServerless",
    "AWS::RDS::DBCluster": "AWSServiceRoleForRDS",
}


def deployment(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each action that the CDK's execution role, or without one the caller, is denied."""
    iam = client("iam")
    principal = _principal(subject, client)
    actions = _actions(subject)
    missing = [name for kind, name in LINKED_ROLES.items() if any(subject.of(kind)) and not _exists(iam, name)]
    if missing:
        actions.append("iam:CreateServiceLinkedRole")
    denied: list[str] = []
    for start in range(0, len(actions), BATCH):
        answer = iam.simulate_principal_policy(PolicySourceArn=principal, ActionNames=actions[start : start + BATCH])
        results = answer["EvaluationResults"]
        denied += [item["EvalActionName"] for item in results if item["EvalDecision"] != "allowed"]
    if "iam:CreateServiceLinkedRole" in denied:
        denied.remove("iam:CreateServiceLinkedRole")
        yield Finding(
            check="linked-role",
            what=f"{', '.join(missing)} is not there, and {principal} may not create it",
            where=subject.environment,
            remedy="Allow iam:CreateServiceLinkedRole, or have the role created once.",
            documentation=LINKED,
        )
    if denied:
        yield Finding(
            check="permissions",
            what=f"{principal} is denied {', '.join(sorted(denied))}",
            where=subject.environment,
            remedy="Bootstrap with --cloudformation-execution-policies that allow these actions.",
            documentation=SIMULATION,
        )


def _actions(subject: Subject) -> list[str]:
    """What making each type takes, by its schema: the actions of its own service that make something."""
    found = {"iam:PassRole"}
    for kind in {resource.type for resource in subject.resources}:
        service = kind.split("::")[1].lower() if kind.startswith("AWS::") else ""
        schema = schema_of(kind, subject.region) or {}
        for action in schema.get("handlers", {}).get("create", {}).get("permissions", []):
            if action.startswith(f"{PREFIXES.get(service, service)}:") and MAKING.match(action) and "*" not in action:
                found.add(action)
    return sorted(found)


def _principal(subject: Subject, client: Clients) -> str:
    """The CDK's execution role where there is one, else the caller, or the role that it has assumed."""
    caller = client("sts").get_caller_identity()
    name = f"cdk-hnb659fds-cfn-exec-role-{caller['Account']}-{subject.region}"
    if _exists(client("iam"), name):
        return f"arn:{subject.partition}:iam::{caller['Account']}:role/{name}"
    assumed = re.fullmatch(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+", caller["Arn"])
    return f"arn:{assumed[1]}:iam::{assumed[2]}:role/{assumed[3]}" if assumed else str(caller["Arn"])


def _exists(iam: object, name: str) -> bool:
    try:
        iam.get_role(RoleName=name)  # type: ignore[attr-defined] # a boto3 client, which has no class
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return False
    return True
