"""Whose account it is, whether it is bootstrapped, and what of it only one deployment can own."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.logs import MOST_POLICIES, QUOTAS
from slipway_cli.preflights.online.client import Clients, pages
from slipway_cli.preflights.subject import Subject

BOOTSTRAP = "https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping.html"
VERSION = "/cdk-bootstrap/hnb659fds/version"
ENVIRONMENTS = "https://docs.aws.amazon.com/cdk/v2/guide/environments.html"
API_LOGS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"


def identity(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if the credentials are those of another account than the settings name."""
    here = client("sts").get_caller_identity()["Account"]
    wanted = subject.settings.account
    if wanted and wanted != here:
        yield Finding(
            check="account",
            what=f"the credentials are of the account {here}, the settings name {wanted}",
            where=subject.environment,
            setting="account",
            remedy="Set AWS_PROFILE to a profile of that account.",
            documentation=ENVIRONMENTS,
        )


def bootstrap(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if account and region are not bootstrapped for the CDK, or too long ago."""
    needed = max((stack.bootstrap_version for stack in subject.stacks), default=0)
    try:
        found = int(client("ssm").get_parameter(Name=VERSION)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        found = 0
    if found < needed:
        state = f"has version {found}" if found else "is not there"
        yield Finding(
            check="bootstrap",
            what=f"the CDK's bootstrap stack {state}; the stacks need version {needed}",
            where=subject.region,
            remedy=f"Run `cdk bootstrap aws://ACCOUNT/{subject.region}`.",
            documentation=BOOTSTRAP,
        )


def api_logging_role(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield a warning if the deployment would replace the role by which all APIs of the region write logs."""
    for account in subject.of("AWS::ApiGateway::Account"):
        role = client("apigateway").get_account().get("cloudwatchRoleArn", "")
        if role and f"/slipway-{subject.environment}-" not in role:
            yield Finding(
                check="api-logging-role",
                what=f"all APIs of the region write logs as {role}; the deployment would replace it",
                where=account.where,
                setting="gateway.log_role",
                remedy="Set it to existing.",
                documentation=API_LOGS,
                severity=Severity.WARNING,
            )


def log_policies(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if the region has no room for the log resource policies of the templates."""
    new = list(subject.of("AWS::Logs::ResourcePolicy"))
    there = sum(1 for _ in pages(client("logs"), "describe_resource_policies", "resourcePolicies")) if new else 0
    if there + len(new) > MOST_POLICIES:
        yield Finding(
            check="log-policies",
            what=f"the region has {there} resource policies of CloudWatch Logs, {len(new)} come, {MOST_POLICIES} fit",
            where=new[0].where,
            remedy="Delete policies that nothing uses: `aws logs describe-resource-policies`.",
            documentation=QUOTAS,
        )
